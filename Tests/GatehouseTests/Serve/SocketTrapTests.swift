import Foundation
import JOSE
import Storage
import TestSupport
import Testing

@Suite("Servers that share a machine")
struct SocketTrapTests {
    /// Runs `serve` on data of its own with a foreign socket, and expects it to fail.
    private func refusal(_ stage: Stage, socket: String) async throws -> String {
        let run = try await CommandLineProgram(stage: stage)(
            "serve", "--data", stage.path("second"), "--keys", stage.path("second-keys"), "--admin-socket", socket,
            "--issuer", "http://localhost:1", "--listen", "127.0.0.1:0", "--operations-listen", "127.0.0.1:0",
            "--templates", "\(Workspace.root)/templates")
        #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: stage.path("second/gatehouse.sqlite")), "nothing is made")
        return run.errors
    }

    @Test
    func `a socket in a shared folder is refused before anything is created, and the folder stays unchanged`()
        async throws
    {
        try await Stage.play { stage in
            let shared = stage.path("run")
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: false)
            for mode in [0o755, 0o1777] {
                chmod(shared, mode_t(mode))
                let said = try await refusal(stage, socket: "\(shared)/x.sock")
                let safe = mode == 0o755 ? "\(shared)/gatehouse" : "\(stage.path("second"))/admin"
                #expect(said.contains("set 'admin.socket' to \(safe)/x.sock"))
                var status = stat()
                #expect(lstat(shared, &status) == 0 && status.st_mode & 0o7777 == mode_t(mode))
                #expect(try FileManager.default.contentsOfDirectory(atPath: shared).isEmpty)
            }
        }
    }

    @Test func `a second server with other data leaves the socket to the running one`() async throws {
        try await Stage.play { stage in
            let first = try await RunningGatehouse.start(on: stage)
            let said = try await refusal(stage, socket: stage.path("var/admin/gatehouse.sock"))
            #expect(said.contains("Another server"))
            _ = try await first.object(["users", "add", "ada", "--password-stdin"], input: "secret pass\n")
            let inodes = try FileManager.default.contentsOfDirectory(atPath: stage.path("var/admin"))
            #expect(inodes == ["gatehouse.sock"])
        }
    }

    private static let tools = ["/usr/bin/setpriv", "/usr/bin/python3"]

    /// Only root can start a process of another user.
    @Test(.enabled(if: geteuid() == 0 && tools.allSatisfy(FileManager.default.isExecutableFile)))
    func `a command sends nothing to another user's process at the socket`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let stage = gatehouse.stage
            // Another user created the folder in a world-writable place before any server did.
            let folder = try TemporaryFolder()
            chmod(folder.path, 0o777)
            let (socket, heard) = ("\(folder.path)/gatehouse.sock", "\(folder.path)/heard")
            let script = """
                import os, socket
                s = socket.socket(socket.AF_UNIX)
                s.bind('\(socket)')
                os.chmod('\(socket)', 0o777)
                s.listen(8)
                while True:
                    c, _ = s.accept()
                    c.settimeout(5)
                    try: heard = c.recv(100)
                    except OSError: heard = b''
                    open('\(heard)', 'ab').write(heard + b'.')
                    c.close()
                """
            let stranger = try ChildProcess(
                "/usr/bin/setpriv",
                ["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", script],
                output: stage.logFile("stranger"), errors: stage.logFile("stranger-errors"))
            stage.adopt(stranger)
            await eventually { !stranger.isRunning || FileManager.default.fileExists(atPath: socket) }
            try #require(stranger.isRunning)
            let file = try stage.write(
                "data: var\nadmin: { socket: \(socket) }\ntemplates: \(Workspace.root)/templates", to: "other.yaml")
            // A command uses the socket because the data is locked.
            let held = try DataDirectory.lock(stage.path("var"), create: false)
            defer { held.unlock() }
            for words in [
                ["users", "add", "eve", "--password-stdin"], ["doctor"], ["db", "backup", stage.path("copy")],
            ] {
                let run = try await gatehouse(words + ["--config", file], input: "secret pass\n")
                #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1, "\(run.errors)")
                #expect(run.errors.contains("runs as the user 'nobody'"), "\(run.errors)")
                #expect(run.errors.contains("nothing was sent to it"))
            }
            await eventually {
                !stranger.isRunning || (try? String(contentsOfFile: heard, encoding: .utf8))?.count ?? 0 >= 3
            }
            #expect(try String(contentsOfFile: heard, encoding: .utf8) == "...")
        }
    }

    @Test func `a server with other data refuses a command`() async throws {
        try await Stage.play { stage in
            let server = try await RunningGatehouse.start(on: stage)
            let other = try DataDirectory.lock(stage.path("other"), create: true)
            defer { other.unlock() }
            let file = try stage.write(
                "data: other\nadmin: { socket: var/admin/gatehouse.sock }\ntemplates: \(Workspace.root)/templates",
                to: "other.yaml")
            let gatehouse = CommandLineProgram(stage: stage)
            for words in [
                ["users", "add", "eve", "--password-stdin"], ["users", "list"], ["doctor"],
                ["db", "backup", stage.path("copy.sqlite")],
            ] {
                let run = try await gatehouse(words + ["--config", file], input: "secret pass\n")
                #expect(run.status == 1 && run.errorLines.count == 1, "\(words): \(run.errors)")
                #expect(run.errors.contains("uses the data in \(stage.path("var"))"))
                #expect(run.errors.contains("names \(stage.path("other"))"))
            }
            #expect(!FileManager.default.fileExists(atPath: stage.path("copy.sqlite")))
            #expect(try await server.json(["users", "list"]) == [])
            #expect(try await server.json(["audit", "tail"]) == [])
        }
    }

    @Test func `another spelling of the same data path is accepted`() async throws {
        try await Stage.play { stage in
            _ = try await RunningGatehouse.start(on: stage)
            try FileManager.default.createSymbolicLink(
                atPath: stage.path("here"), withDestinationPath: stage.path(""))
            let file = try stage.write(
                "data: here/var\nadmin: { socket: var/admin/gatehouse.sock }\nkeys: keys\n"
                    + "templates: \(Workspace.root)/templates", to: "other.yaml")
            let run = try await CommandLineProgram(stage: stage)("users", "list", "--json", "--config", file)
            #expect(run.status == 0 && run.output == "[]\n", "\(run.errors)")
        }
    }
}
