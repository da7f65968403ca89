import Foundation
import TestSupport
import Testing

/// The tests run as root and start programs of other users with `setpriv`, in folders that belong to those users.
@Suite("Advice that is safe to follow", .enabled(if: geteuid() == 0, "users are changed"))
struct AdviceTests {
    static let nobody: uid_t = 65_534
    /// Debian's group 1, which exists in every image.
    static let group = (name: "daemon", id: 1)

    /// Runs `gatehouse` as `nobody`, with additional groups.
    static func asNobody(
        _ stage: Stage, groups: [Int] = [], in folder: String? = nil, _ arguments: [String]
    ) throws -> ChildProcess {
        let list = groups.isEmpty ? ["--clear-groups"] : ["--groups=\(groups.map(String.init).joined(separator: ","))"]
        return try ChildProcess(
            "/bin/sh",
            [
                "-c", "cd \(folder ?? stage.directory) && exec setpriv --reuid=\(nobody) --regid=\(nobody) \"$@\"",
                "sh",
            ] + list + [try Workspace.program("gatehouse")] + arguments,
            output: stage.logFile("as-nobody"), errors: stage.logFile("as-nobody-errors"))
    }

    static func run(
        _ stage: Stage, groups: [Int] = [], _ arguments: [String]
    ) async throws -> (status: Int32, output: String, errors: String) {
        let child = try asNobody(stage, groups: groups, arguments)
        stage.adopt(child)
        let status = try await child.end()
        return (status, try stage.log("as-nobody"), try stage.log("as-nobody-errors"))
    }

    /// Waits until a server logs that it is ready.
    private static func ready(_ stage: Stage, _ server: ChildProcess, log: String) async throws {
        for _ in 0..<1200 {
            if try stage.log(log).contains("\"ready\"") { return }
            guard server.isRunning else { throw StageFailure(try stage.log(log)) }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("the server was not ready within a minute")
    }

    /// Lets every user pass through the stage's folder.
    static func open(_ stage: Stage) { chmod(stage.directory, 0o711) }

    private static func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test func `in the root folder serve refuses /var, and does not advise to change its mode`()
        async throws
    {
        try await Stage.play { stage in
            let before = Self.mode("/var")
            for arguments in [["serve"], ["db", "init"], ["users", "list"]] {
                let child = try ChildProcess(
                    "/bin/sh", ["-c", "cd / && exec \"$0\" \"$@\"", Workspace.program("gatehouse")] + arguments,
                    output: stage.logFile("root"), errors: stage.logFile("root-errors"))
                stage.adopt(child)
                #expect(try await child.end() == 1)
                let said = try stage.log("root-errors")
                #expect(said.contains("'data' is /var") && !said.contains("chmod"), "\(said)")
            }
            #expect(
                Self.mode("/var") == before && !FileManager.default.fileExists(atPath: "/var/lock/gatehouse.sqlite"))
        }
    }

    @Test func `the advice to change a mode is given only for folders with nothing but Gatehouse's files`() async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let data = gatehouse.stage.path("var")
            chmod(data, 0o755)
            let own = try await gatehouse("users", "list")
            #expect(own.status == 1 && own.errors.contains("run chmod 700 \(data)"), "\(own.errors)")
            _ = try gatehouse.stage.write("theirs", to: "var/photo.jpg")
            let shared = try await gatehouse("users", "list")
            #expect(shared.status == 1 && !shared.errors.contains("chmod"), "\(shared.errors)")
            #expect(shared.errors.contains("holds other things, such as 'photo.jpg': set 'data' to a folder"))
            try FileManager.default.removeItem(atPath: data + "/photo.jpg")
            chmod(data, 0o700)
            let keys = gatehouse.stage.path("keys")
            _ = try gatehouse.stage.write("theirs", to: "keys/photo.jpg")
            chmod(keys, 0o755)
            let key = try await gatehouse("keys", "list")
            #expect(key.status == 1 && !key.errors.contains("chmod"), "\(key.errors)")
            #expect(key.errors.contains("holds other things, such as 'photo.jpg': set 'keys' to a folder"))
        }
    }

    @Test func `a folder of root's leads to no advice to run as root or to change the owner`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let stage = gatehouse.stage
            Self.open(stage)
            let file = stage.path("gatehouse.yaml")
            chmod(file, 0o644)
            let run = try await Self.run(stage, ["serve", "--config", file])
            #expect(
                run.status == 1 && run.errors.contains("belongs to the user 'root' and not to 'nobody'"),
                "\(run.errors)")
            for command in ["run this", "sudo", "chown", "runuser"] { #expect(!run.errors.contains(command)) }
        }
    }

    @Test func `root is advised to run as the owner of a folder, and never to change the owner`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for (name, words) in [("var", ["users", "list"]), ("keys", ["keys", "list"])] {
                let folder = gatehouse.stage.path(name)
                chown(folder, Self.nobody, Self.nobody)
                let run = try await gatehouse(words)
                #expect(run.status == 1 && run.errors.contains("run this as that user (runuser -u nobody -- gatehouse"))
                #expect(!run.errors.contains("chown"))
                chown(folder, 0, 0)
            }
        }
    }

    // MARK: Debian's layout

    /// A folder like `/var/lib/gatehouse` (0750, owned by the server's user) beside one for the socket.
    private static func debian(_ stage: Stage, group: String = group.name) async throws -> String {
        open(stage)
        let library = stage.path("lib")
        try FileManager.default.createDirectory(
            atPath: library, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o750])
        let (port, operations) = (try await LoopbackPort.free(), try await LoopbackPort.free())
        let file = try stage.write(
            """
            issuer: http://localhost:\(port)
            listen: 127.0.0.1:\(port)
            operations: { listen: 127.0.0.1:\(operations) }
            data: lib/data
            keys: lib/keys
            templates: \(Workspace.root)/templates
            admin: { socket: run/gatehouse.sock, group: \(group) }
            """, to: "debian.yaml")
        chmod(file, 0o644)
        return file
    }

    @Test
    func `a member of the admin group can administer a server without access to its data, and other users cannot`()
        async throws
    {
        try await Stage.play { stage in
            let file = try await Self.debian(stage)
            let member = ["users", "list", "--json", "--config", file]
            let none = try await Self.run(stage, groups: [Self.group.id], member)
            #expect(none.status == 1 && none.errors.contains("is closed to the user 'nobody'"), "\(none.errors)")
            let server = try stage.start(Workspace.program("gatehouse"), ["serve", "--config", file], log: "gatehouse")
            try await Self.ready(stage, server, log: "gatehouse")
            let welcome = try await Self.run(stage, groups: [Self.group.id], member)
            #expect(welcome.status == 0 && welcome.output == "[]\n", "\(welcome.errors)")
            let stranger = try await Self.run(stage, member)
            #expect(stranger.status == 1 && stranger.errors.contains("member of admin.group"), "\(stranger.errors)")
        }
    }

    @Test func `a server whose user is not in the admin group names the group`() async throws {
        for socket in ["run/gatehouse.sock", "lib/data/admin/gatehouse.sock"] {
            try await Stage.play { stage in
                let file = try await Self.debian(stage)
                for folder in [stage.directory, stage.path("lib")] { chown(folder, Self.nobody, Self.nobody) }
                let arguments = ["serve", "--config", file, "--admin-socket", stage.path(socket)]
                let outside = try await Self.run(stage, arguments)
                #expect(outside.status == 1, "\(outside.errors)")
                #expect(
                    outside.errors.contains("The server's user 'nobody' is not a member of the group 'daemon'"),
                    "\(outside.errors)")
                #expect(outside.errors.contains("usermod -aG daemon nobody"))
                let inside = try Self.asNobody(stage, groups: [Self.group.id], arguments)
                stage.adopt(inside)
                try await Self.ready(stage, inside, log: "as-nobody-errors")
            }
        }
    }
}
