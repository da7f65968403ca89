import Foundation
import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("Checkpoints of ended keys", .onEachStore)
struct AuditKeyEndTests {
    private let world: World
    private let old = SigningKey.generate()
    private let new = SigningKey.generate()

    init() async throws { world = try await World() }

    private var chain: AuditChainName { .reported(world.resource.id) }

    private func write(_ count: Int = 1) async throws {
        for _ in 0..<count {
            try await world.store.write {
                _ = try $0.audit.append(AuditEntry(.tokenIssued, at: World.start, actor: .system, initiator: .system))
            }
        }
    }

    private func report() async throws {
        let entry = ReportedEntry(.elicitationRead, at: World.start, by: world.resource.id, initiator: .server)
        guard case .recorded = try await world.store.write({ try $0.audit.reports.append(entry) }) else {
            throw Refused()
        }
    }

    /// Signs a chain's end, or an earlier record of it.
    private func sign(with key: SigningKey, _ chain: AuditChainName = .main, at sequence: Int64? = nil) async throws {
        try await world.store.write { transaction in
            if chain == .main, try !transaction.audit.checkpoints.hasAny(signedBy: key.kid) {
                try transaction.audit.append(.auditKeyUsed(key.kid, at: World.start))
            }
            let found = try transaction.audit.tail(chain, AuditFilter(), limit: 1, before: (sequence ?? .max - 1) + 1)
            guard let record = found.first else { throw Refused() }
            let checkpoint = try AuditCheckpoint(
                chain, sequence: record.sequence, hash: record.hash, at: World.start, with: key)
            guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
        }
    }

    private func defects() async throws -> [AuditDefect] {
        let ring = VerificationKeySet([new.verification])
        return try await world.store.read { try $0.audit.verify(trusted: ring) }.defects
    }

    /// Two chains that the old key signed, then its end, then the new key's word.
    private func rotate() async throws {
        try await write()
        for _ in 0..<3 { try await report() }
        try await sign(with: old)
        try await sign(with: old, chain)
        try await world.store.write { [old] in try $0.audit.keyEnds.append(checkpointKeys: [old.kid], at: World.start) }
        try await sign(with: new)
    }

    @Test func `a checkpoint from before the record of the key's end verifies`() async throws {
        try await rotate()
        #expect(try await defects() == [])
        try await report()
        try await sign(with: new, chain)
        #expect(try await defects() == [])
    }

    @Test func `a checkpoint in the main chain behind the record of the key's end is a defect`() async throws {
        try await rotate()
        try await write()
        try await sign(with: old)
        try await write()
        try await sign(with: new)
        let found = try await defects()
        #expect(found.map(\.kind) == [.endedKey], "\(found)")
        #expect("\(found)".contains("was out of use by then"))
    }

    @Test func `a checkpoint in another chain behind the key's end is a defect`() async throws {
        try await rotate()
        try await report()
        try await sign(with: old, chain)
        #expect(try await defects() == [AuditDefect(.endedKey, 4, in: chain)])
    }

    @Test func `a checkpoint of an ended key in a later chain is a defect`() async throws {
        try await write()
        try await sign(with: old)
        try await world.store.write { [old] in try $0.audit.keyEnds.append(checkpointKeys: [old.kid], at: World.start) }
        try await sign(with: new)
        try await report()
        try await sign(with: old, chain)
        #expect(try await defects() == [AuditDefect(.endedKey, 1, in: chain)])
    }

    @Test func `an ended key does not let an attacker rewrite the reports before its end`() async throws {
        try await rotate()
        // All hashes and the signature are right again; only the main chain remembers another record.
        let records = try await world.store.read { [chain] in try $0.audit.tail(chain, AuditFilter(), limit: 9) }
        guard let last = records.first, let before = records.dropFirst().first else { throw Refused() }
        let entry = AuditEntry(
            .formAsked, at: World.start, actor: last.entry.actor, resource: last.entry.resource, initiator: .server,
            evidence: last.entry.evidence)
        let forged = AuditRecord(entry, in: chain, sequence: 3, previous: before.hash)
        let name = chain.description
        try await world.store.write { transaction in
            for trigger in ["audit_reported_is_kept", "audit_reported_is_not_edited"] {
                try transaction.execute("DROP TRIGGER \(trigger)")
            }
            try transaction.execute("DELETE FROM audit_reported WHERE chain = ?1 AND sequence = 3", name)
            try transaction.audit.insert(forged)
        }
        try await sign(with: old, chain)
        let found = try await defects()
        #expect(found == [AuditDefect(.replaced, 3, in: chain)])
    }

    @Test func `the record of an ended key is repeated when the chain is shortened`() async throws {
        try await rotate()
        let marks = try await world.store.read { transaction in
            try [transaction.audit.checkpoints.last(of: .main)].compactMap { $0?.checkpoint }.map { AuditPruneMark($0) }
        }
        let isDone = try await world.store.write {
            try $0.audit.retention.shorten(to: marks, by: .system, at: World.start)
        }
        #expect(isDone)
        while try await world.store.write({ try $0.audit.retention.drop(limit: 100) }) > 0 {}
        try await sign(with: new)
        #expect(try await defects() == [])
        try await report()
        try await sign(with: old, chain)
        #expect(try await defects() == [AuditDefect(.endedKey, 4, in: chain)])
    }
}
