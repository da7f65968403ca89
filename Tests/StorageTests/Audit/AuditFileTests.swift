import Foundation
import GRDB
import JOSE
import OAuth
import Synchronization
import Testing

@testable import Storage

@Suite("Exported audit trails")
struct AuditFileTests {
    private let world: World

    init() async throws { world = try await World() }

    /// The lines of a trail with everything in it that a trail can hold.
    private func lines() async throws -> [[UInt8]] {
        let key = SigningKey.generate()
        return try await world.store.write { [world] transaction in
            for index in 0..<12 {
                _ = try transaction.audit.append(
                    AuditEntry(
                        .sessionEnded, at: World.start + Int64(index), actor: .admin(uid: 7, claimed: "root"),
                        user: world.user.id, client: world.client.id, resource: world.resource.id, session: .random(),
                        reason: "r\(index)", initiator: .human, correlation: "c", explanation: "because \(index)",
                        address: index == 5 ? "::1" : nil))
                let entry = ReportedEntry(
                    .elicitationRead, at: World.start, by: world.resource.id, initiator: .server, explanation: "so")
                guard case .recorded = try transaction.audit.reports.append(entry) else { throw Refused() }
            }
            _ = try transaction.audit.append(.auditKeyUsed(key.kid, at: World.start))
            for chain in try transaction.audit.chains() {
                guard let head = try transaction.audit.head(chain) else { throw Refused() }
                let checkpoint = try AuditCheckpoint(
                    chain, sequence: head.sequence, hash: head.hash, at: World.start, with: key)
                guard try transaction.audit.checkpoints.insert(checkpoint) else { throw Refused() }
            }
            _ = try transaction.audit.retention.erase(.claimed("root"), by: .system, at: World.start)
            var lines: [AuditLine] = [.header(at: World.start, isSelection: false)]
            for chain in try transaction.audit.chains() {
                try transaction.audit.walk(chain, from: nil) { step in
                    switch step {
                    case .begin(let sequence, let hash): lines.append(.chain(chain, after: sequence, hash: hash))
                    case .record(let sequence, let record):
                        lines.append(record.map(AuditLine.record) ?? .unreadable(chain, sequence))
                    case .checkpoint(let checkpoint): lines.append(.checkpoint(checkpoint))
                    }
                }
            }
            lines.append(.end(lines: Int64(lines.count) + 1))
            return lines.map(\.json.bytes)
        }
    }

    /// What the check says: nothing, or what is wrong.
    private func fault(_ lines: [[UInt8]]) -> String? {
        var file = AuditFile()
        do {
            for line in lines { try file.add(line) }
            return try file.finish().defect.map { "\($0)" }
        } catch {
            return "\(error)"
        }
    }

    @Test func `a file verifies as it was written`() async throws {
        #expect(fault(try await lines()) == nil)
    }

    @Test func `a changed, missing, added or moved line is detected`() async throws {
        let lines = try await lines()
        var generator = SystemRandomNumberGenerator()
        var unseen: [String] = []
        for round in 0..<600 {
            var other = lines
            // The first line says only when the file was made; the last one how long it is.
            let place = Int.random(in: 1..<lines.count - 1, using: &generator)
            let elsewhere = Int.random(in: 1..<lines.count - 1, using: &generator)
            switch round % 4 {
            case 0:
                let index = other[place].indices.randomElement(using: &generator) ?? 0
                other[place][index] ^= UInt8(1 << Int.random(in: 0..<7, using: &generator))
            case 1:
                // A checkpoint less takes no record along; only the last key's word for the chain's end is missed.
                guard !String(decoding: other[place], as: UTF8.self).contains(#""kind":"checkpoint""#) else { continue }
                other.remove(at: place)
                other[other.count - 1] = AuditLine.end(lines: Int64(other.count)).json.bytes
            case 2: other.swapAt(place, elsewhere)
            default:
                other.insert(other[place], at: elsewhere)
                other[other.count - 1] = AuditLine.end(lines: Int64(other.count)).json.bytes
            }
            guard other != lines, fault(other) == nil else { continue }
            unseen.append("round \(round): line \(place), \(String(decoding: other[place], as: UTF8.self))")
        }
        #expect(unseen == [])
    }

    @Test func `an ordinary record costs one statement`() async throws {
        let statements = Mutex<[String]>([])
        try await world.store.pool.writeWithoutTransaction { db in
            db.trace { event in statements.withLock { $0.append("\(event)") } }
        }
        try await world.store.write { [world] in
            _ = try $0.audit.append(
                AuditEntry(
                    .tokenIssued, at: World.start, actor: .client(world.client.id), user: world.user.id,
                    initiator: .model))
        }
        try await world.store.pool.writeWithoutTransaction { $0.trace(options: []) }
        let first = statements.withLock { $0 }
        statements.withLock { $0 = [] }
        // The first record of a process looks for the chain's end besides.
        try await world.store.pool.writeWithoutTransaction { db in
            db.trace { event in statements.withLock { $0.append("\(event)") } }
        }
        try await world.store.write {
            _ = try $0.audit.append(AuditEntry(.tokenRefreshed, at: World.start, actor: .system, initiator: .model))
        }
        let second = statements.withLock { $0 }.filter { $0.contains("audit") }
        #expect(first.filter { $0.contains("INSERT INTO audit ") }.count == 1)
        #expect(second.count == 1 && second[0].contains("INSERT INTO audit "), "\(second)")
    }
}
