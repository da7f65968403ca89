import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("A database from before keys were ended")
struct RestoredKeysTests {
    /// A stopped server whose refresh keys were ended, and its database from before.
    private static func play(
        sessions: Int, _ test: (RunningGatehouse, Stage, _ old: String) async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            await gatehouse.process.stop()
            let old = try stage.ring().secret(.refresh).id
            let store = try Store(path: stage.path("var/gatehouse.sqlite"))
            try await stage.plant(sessions, on: old, in: store)
            try store.close()
            try stage.copyDatabase(from: "var/gatehouse.sqlite", to: "before.sqlite")
            let done = try await gatehouse.command(["keys", "rotate", "refresh", "--now", "--yes"])
            #expect(done.status == 0 && done.output.contains("\(sessions) sessions"), "\(done)")
            try stage.copyDatabase(from: "before.sqlite", to: "var/gatehouse.sqlite")
            try await test(gatehouse, stage, old)
        }
    }

    private static func state(_ stage: Stage) async throws -> (live: Int, records: [AuditEntry]) {
        let store = try Store(path: stage.path("var/gatehouse.sqlite"))
        let live = try await RunningGatehouse.live(in: store)
        let records = try await store.read { try $0.audit.tail(limit: 9_999) }.map(\.entry)
        try store.close()
        return (live, records)
    }

    @Test func `accept-restore revokes what depended on the keys and prints that, and the server starts`() async throws
    {
        try await Self.play(sessions: 3) { gatehouse, stage, old in
            let refused = try await gatehouse.command(["serve"])
            #expect(refused.status == 1 && refused.errors.contains("older than the checkpoints"), "\(refused.errors)")
            let said = try await gatehouse.command(["doctor"])
            #expect(said.output.contains(old) && said.output.contains("no record of it"), "\(said.output)")
            let accepted = try await gatehouse.command(["audit", "accept-restore", "--reason", "a lost disk"])
            #expect(accepted.status == 0, "\(accepted.errors)")
            #expect(accepted.output.contains("refresh: The old keys ended. Revoked 3 sessions."))
            let (live, records) = try await Self.state(stage)
            #expect(live == 0)
            #expect(records.count { $0.action == .sessionEnded } == 3)
            #expect(records.first { $0.action == .keyEnded }?.reason == "refresh \(old)")
            let served = try await gatehouse.restarted()
            #expect(try await served.object(["audit", "verify"])["verified"] == true)
            #expect(!(try await served.command(["doctor"]).output.contains(old)))
            // Once: the next start finds nothing to do.
            await served.process.stop()
            let again = try await served.restarted()
            await again.process.stop()
            #expect(try await Self.state(stage).records.count { $0.action == .keyEnded } == 1)
        }
    }

    @Test func `the next start finishes an interrupted replacement of keys`() async throws {
        try await Self.play(sessions: 2_000) { gatehouse, stage, _ in
            // As if nothing had been signed since the copy: the start itself detects it.
            try FileManager.default.removeItem(atPath: stage.path("keys/checkpoints.json"))
            let started = try stage.start(
                Workspace.program("gatehouse"), ["serve", "--config", stage.path("gatehouse.yaml")], log: "killed")
            // A reader of the database watches its steps, and the process is killed between two of them.
            var readOnly = Configuration()
            readOnly.readonly = true
            let watching = try DatabaseQueue(path: stage.path("var/gatehouse.sqlite"), configuration: readOnly)
            func ended() async throws -> Int {
                try await watching.read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM sessions WHERE state = 'ended'") ?? 0
                }
            }
            await eventually { try await ended() > 0 }
            started.kill()
            _ = try await started.end()
            try watching.close()
            let served = try await gatehouse.restarted()
            await served.process.stop()
            let (live, records) = try await Self.state(stage)
            #expect(live == 0 && records.count { $0.action == .sessionEnded } == 2_000)
            #expect(Set(records.filter { $0.action == .sessionEnded }.map(\.session)).count == 2_000)
            #expect(records.count { $0.action == .keyEnded } == 1)
        }
    }

    @Test(arguments: ["tokens", "events", "code", "form", "sealing"])
    func `a start appends a missing record of ended keys, and the trail verifies`(purpose: String) async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            await gatehouse.process.stop()
            let notes = try Data(contentsOf: URL(filePath: stage.path("keys/checkpoints.json")))
            try stage.copyDatabase(from: "var/gatehouse.sqlite", to: "before.sqlite")
            let done = try await gatehouse.command(["keys", "rotate", purpose, "--now", "--yes"])
            #expect(done.status == 0, "\(done.errors)")
            let ended = try #require(try stage.ring().past().last?.id)
            // As if nothing had been signed since: only the names of the keys distinguish the two databases.
            try stage.copyDatabase(from: "before.sqlite", to: "var/gatehouse.sqlite")
            try notes.write(to: URL(filePath: stage.path("keys/checkpoints.json")))
            chmod(stage.path("keys/checkpoints.json"), 0o600)
            let served = try await gatehouse.restarted()
            let records = try await served.json(["audit", "tail", "--action", "key.ended"]).array ?? []
            #expect(records.map { $0.object?["reason"]?.string } == ["\(purpose) \(ended)"])
            if purpose == "events" {
                let ends = try await served.json(["audit", "tail", "--action", "audit.key_ended"]).array ?? []
                #expect(ends.contains { $0.object?["reason"]?.string?.hasPrefix(ended + " main ") == true })
            }
            #expect(try await served.object(["audit", "verify"])["verified"] == true)
        }
    }

    @Test func `keys list contains past keys with their state`()
        async throws
    {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["audit", "export", stage.path("one.jsonl")])
            _ = try await gatehouse.json(["keys", "rotate", "events", "--now", "--yes"])
            let signers = try await gatehouse.object(["audit", "verify"])["keys"]?.array?.compactMap(\.string) ?? []
            #expect(signers.count == 2)
            let listed = try await gatehouse.json(["keys", "list"]).array?.compactMap(\.object) ?? []
            let events = listed.filter { $0["purpose"] == "events" }
            #expect(Set(events.compactMap { $0["id"]?.string }) == Set(signers))
            #expect(events.map { $0["state"]?.string } == ["ended", "active"])
        }
    }
}
