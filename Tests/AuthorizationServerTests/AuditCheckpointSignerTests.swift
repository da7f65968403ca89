import AuthorizationServer
import JOSE
import Logging
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Signing the audit trail")
struct AuditNotaryTests {
    private func notary(_ h: Harness) -> AuditCheckpointSigner {
        AuditCheckpointSigner(store: h.gatehouse.store, keys: h.gatehouse.keys, log: nil)
    }

    private func verify(_ h: Harness) async throws -> AuditVerdict {
        let trusted = h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
        return try await h.gatehouse.store.read { try $0.audit.verify(trusted: trusted) }
    }

    private func administer(_ h: Harness, _ request: AuditRequest) async throws -> JSONObject? {
        try await Administration(store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            .run(.audit(request), by: Administrator(uid: 1000, claimed: nil)).rows.first
    }

    private func write(_ h: Harness, _ count: Int) async throws {
        try await h.gatehouse.store.write { [now = h.clock.now] transaction in
            for _ in 0..<count {
                _ = try transaction.audit.append(
                    AuditEntry(.personSignedOut, at: now, actor: .system, initiator: .system))
            }
        }
    }

    @Test func `a checkpoint is due at the first record, then after an hour or after a thousand records`()
        async throws
    {
        try await Harness.run { h in
            #expect(try await notary(h).signDue(at: h.clock.now).isEmpty)
            try await write(h, 1)
            #expect(try await notary(h).signDue(at: h.clock.now).map(\.sequence) == [2])
            h.clock.advance(by: 7_200)
            #expect(try await notary(h).signDue(at: h.clock.now).isEmpty)
            try await write(h, 1)
            #expect(try await notary(h).signDue(at: h.clock.now).map(\.sequence) == [3])
            try await write(h, 999)
            #expect(try await notary(h).signDue(at: h.clock.now).isEmpty)
            try await write(h, 1)
            #expect(try await notary(h).signDue(at: h.clock.now).map(\.sequence) == [1_003])
            let verdict = try await verify(h)
            #expect(verdict.defects == [] && verdict.checkpointed == 1_003 && verdict.keys.count == 1)
        }
    }

    @Test func `a new key is named in the chain before it signs, and the old one's checkpoints go on to count`()
        async throws
    {
        try await Harness.run { h in
            try await write(h, 1)
            _ = try await notary(h).signDue(at: h.clock.now)
            try h.gatehouse.keys.rotate(.events, now: h.clock.now.seconds, activeAfter: 0, retireAfter: 0)
            h.clock.advance(by: 60)
            try await write(h, 1)
            let signed = try await notary(h).signDue(at: h.clock.now)
            #expect(signed.map(\.kid) == [h.gatehouse.keys.signing(.events, at: h.clock.now.seconds).kid])
            let verdict = try await verify(h)
            #expect(verdict.defects == [] && verdict.keys.count == 2)
        }
    }

    @Test func `each MCP server's reports get checkpoints of their own`() async throws {
        try await Harness.run { h in
            let entry = ReportedEntry(.elicitationRead, at: h.clock.now, by: h.resource.id, initiator: .server)
            guard case .recorded = try await h.gatehouse.store.write({ try $0.audit.reports.append(entry) }) else {
                Issue.record("it was not recorded")
                return
            }
            let signed = try await notary(h).signAll(at: h.clock.now)
            #expect(signed.map(\.chain) == [.main, .reported(h.resource.id)])
            #expect(try await verify(h).defects == [])
        }
    }

    @Test func `a server whose last checkpoint was taken away signs no more and says where it was`() async throws {
        let log = CapturedLog()
        try await Harness.run { h in
            for _ in 0..<2 {
                try await write(h, 3)
                _ = try await notary(h).signAll(at: h.clock.now)
            }
            #expect(try await administer(h, .verify)?["checkpointed"] == 7)
            try await h.gatehouse.store.write {
                _ = try $0.execute("DELETE FROM audit_checkpoints WHERE sequence = 7")
            }
            let said = "the checkpoint that this server signed at record 7 is gone"
            h.clock.advance(by: 3_600)
            await Housekeeper(h.gatehouse, log: log.logger).round()
            #expect(log.lines.contains { $0.hasPrefix("error no audit checkpoint was signed") && $0.contains(said) })
            #expect(try await h.gatehouse.store.read { try $0.audit.checkpoints.last(of: .main) }?.sequence == 4)
            let refusal = await #expect(throws: AdministrationError.self) { _ = try await administer(h, .verify) }
            #expect(refusal?.kind == .unsound && refusal?.description.contains(said) == true)
        }
    }

    @Test func `what was dropped whole is not signed anew by the next key, and stands in nothing's way`() async throws {
        try await Harness.run { h in
            let entry = ReportedEntry(.elicitationRead, at: h.clock.now, by: h.resource.id, initiator: .server)
            _ = try await h.gatehouse.store.write { try $0.audit.reports.append(entry) }
            for _ in 0..<2 {
                let marks = try await notary(h).signAll(at: h.clock.now).map { AuditPruneMark($0) }
                let answer = try await administer(h, .drop(marks))
                #expect(answer?["dropped"]?.integer ?? 0 > 0)
                try h.gatehouse.keys.rotate(.events, now: h.clock.now.seconds, activeAfter: 0, retireAfter: 0)
                h.clock.advance(by: 60)
                try await write(h, 1)
            }
            _ = try await notary(h).signDue(at: h.clock.now)
            #expect(try await verify(h).defects == [])
        }
    }

    @Test func `housekeeping signs, and its log line holds what an outside witness needs`() async throws {
        let log = CapturedLog()
        try await Harness.run { h in
            try await write(h, 3)
            await Housekeeper(h.gatehouse, log: log.logger).round()
            let head = try #require(try await h.gatehouse.store.read { try $0.audit.tail(limit: 1) }.first)
            #expect(log.lines.contains { $0.contains("audit checkpoint") && $0.contains(head.hash.base64URL) })
            #expect(try await verify(h).checkpointed == 4)
        }
    }
}
