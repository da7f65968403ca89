import Foundation
import JOSE
import Storage
import TestSupport
import Testing

@Suite("Servers that share a machine")
struct SocketTrapTests {
    /// Runs `serve` on data of its own with a socket that is not; it is expected to refuse.
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
    func `a socket in a folder that others share is refused before anything is made, and the folder stays as it was`()
        async throws
    {
        try await Stage.play { stage in
            let shared = stage.path("run")
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: false)
            for mode in [0o755, 0o1777] {
                chmod(shared, mode_t(mode))
                let said = try await refusal(stage, socket: "\(shared)/x.sock")
                #expect(said.contains("set 'admin.socket' to \(shared)/gatehouse/x.sock"))
                var status = stat()
                #expect(lstat(shared, &status) == 0 && status.st_mode & 0o7777 == mode_t(mode))
                #expect(try FileManager.default.contentsOfDirectory(atPath: shared).isEmpty)
            }
        }
    }

    @Test func `a second server with other data leaves the socket to the one that lives`() async throws {
        try await Stage.play { stage in
            let first = try await RunningGatehouse.start(on: stage)
            let said = try await refusal(stage, socket: stage.path("var/admin/gatehouse.sock"))
            #expect(said.contains("Another server"))
            _ = try await first.object(["users", "add", "ada", "--password-stdin"], input: "secret pass\n")
            let inodes = try FileManager.default.contentsOfDirectory(atPath: stage.path("var/admin"))
            #expect(inodes == ["gatehouse.sock"])
        }
    }

    @Test func `a command that reaches a server with other data does nothing there`() async throws {
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
                #expect(run.errors.contains("works on the data in \(stage.path("var"))"))
                #expect(run.errors.contains("names \(stage.path("other"))"))
            }
            #expect(!FileManager.default.fileExists(atPath: stage.path("copy.sqlite")))
            #expect(try await server.json(["users", "list"]) == [])
            #expect(try await server.json(["audit", "tail"]) == [])
        }
    }

    @Test func `the same data by another spelling of its path is the same data`() async throws {
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
