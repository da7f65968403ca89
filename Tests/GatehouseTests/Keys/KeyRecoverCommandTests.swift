import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("gatehouse keys recover")
struct KeyRecoverCommandTests {
    /// The file of the only key of a purpose.
    private static func file(_ purpose: String, in stage: Stage) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: stage.path("keys"))
        return stage.path("keys/" + (try #require(names.first { $0.hasPrefix(purpose + "-") })))
    }

    @Test func `complete keys are left alone`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("keys", "recover", "--yes")
            #expect(run.status == 1 && run.errors.contains("No key is lost"))
        }
    }

    @Test(arguments: [false, true])
    func `a lost key costs what depends on it, after saying so, and a lost folder costs everything`(
        isWholeFolder: Bool
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let stage = gatehouse.stage
            let (old, other) = (try stage.ring().secret(.refresh).id, try stage.ring().secret(.code).id)
            let session = try await gatehouse.withStore { try await stage.plant(1, on: old, in: $0) }[0]
            try FileManager.default.removeItem(
                atPath: isWholeFolder ? stage.path("keys") : Self.file("refresh", in: stage))
            let asked = try await gatehouse("keys", "recover")
            #expect(asked.status == 2 && asked.errors.contains("--yes"))
            let declined = try await gatehouse.inTerminal(["keys", "recover"], typed: "no\n")
            #expect(
                declined.run.status == 1 && declined.shown.contains("1 live session of 1 user"), "\(declined.shown)")
            let run = try await gatehouse("keys", "recover", "--yes", "--json")
            #expect(run.status == 0, "\(run.errors)")
            let ring = try stage.ring()
            #expect(ring.secret(.refresh).id != old && ring.everEnded(.secret(.refresh)) == [old])
            #expect((ring.secret(.code, id: other) == nil) == isWholeFolder)
            let state = try await gatehouse.withStore { store in
                try await store.read { try $0.sessions.list(SessionFilter(), limit: 9, now: Timestamp(seconds: 0)) }
            }.first { $0.id == session }?.state
            #expect(state == .ended)
            let server = try await RunningGatehouse.start(on: stage)
            #expect(try await server.object(["audit", "verify"])["verified"] == true)
        }
    }
}
