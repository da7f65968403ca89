import Foundation
import JOSE
import TestSupport
import Testing

@Suite("gatehouse keys protect")
struct KeyProtectCommandTests {
    private static func file(_ stage: Stage, _ name: String, _ text: String) throws -> String {
        let path = try stage.write(text + "\n", to: name)
        chmod(path, 0o600)
        return path
    }

    @Test func `the keys get a passphrase, another one and none, each with a record`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let before = try gatehouse.stage.ring().list(at: 0).map(\.id)
            let (one, two) = (
                try Self.file(gatehouse.stage, "one", "the first passphrase"),
                try Self.file(gatehouse.stage, "two", "the second passphrase")
            )
            let first = try await gatehouse("keys", "protect", "--passphrase-file", one)
            #expect(first.status == 0 && first.output.contains(one), "\(first.errors)")
            #expect(try await gatehouse("keys", "list").errors.contains("encrypted"))
            let second = try await gatehouse(
                ["keys", "protect", "--passphrase-file", two], environment: ["GATEHOUSE_KEYS_PASSPHRASE_FILE": one])
            #expect(second.status == 0, "\(second.errors)")
            let same = try await gatehouse(
                ["keys", "protect", "--passphrase-file", two], environment: ["GATEHOUSE_KEYS_PASSPHRASE_FILE": two])
            #expect(same.status == 1 && same.errors.contains("Nothing was changed"))
            let wrong = try await gatehouse(
                ["keys", "protect", "--remove"], environment: ["GATEHOUSE_KEYS_PASSPHRASE_FILE": one])
            #expect(wrong.status == 1 && wrong.errors.contains("does not open"), "\(wrong.errors)")
            let third = try await gatehouse(
                ["keys", "protect", "--remove"], environment: ["GATEHOUSE_KEYS_PASSPHRASE_FILE": two])
            #expect(third.status == 0, "\(third.errors)")
            #expect(try gatehouse.stage.ring().list(at: 0).map(\.id) == before)
            let records = try await gatehouse("audit", "tail", "--action", "keys.protected", "--json").json().array
            #expect(records?.map { $0.object?["reason"] } == ["encrypted", "encrypted", "not encrypted"])
        }
    }

    @Test func `a server that runs, a short passphrase and a file for everybody are refused`() async throws {
        try await Stage.play { stage in
            let server = try await RunningGatehouse.start(on: stage)
            let good = try Self.file(stage, "good", "a good passphrase")
            let running = try await server.command(["keys", "protect", "--passphrase-file", good])
            #expect(running.status == 1 && running.errors.contains("Stop the server"), "\(running.errors)")
            await server.process.stop()
            let short = try await server.command(
                ["keys", "protect", "--passphrase-file", try Self.file(stage, "short", "short")])
            #expect(short.status == 1 && short.errors.contains("12 to 1000 bytes"))
            chmod(good, 0o644)
            let open = try await server.command(["keys", "protect", "--passphrase-file", good])
            #expect(open.status == 1 && open.errors.contains("chmod 600"), "\(open.errors)")
            #expect(try await server.command(["keys", "protect"]).status == 2)
            #expect(try await server.command(["keys", "list"]).status == 0)
        }
    }
}
