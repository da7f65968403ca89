import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("audit export --drop-before")
struct AuditDropTests {
    /// A database whose first records and their checkpoint are forty days old.
    private static func play(_ test: (CommandLineProgram) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let now = Int64(Date().timeIntervalSince1970)
            let key = try KeyRing.open(directory: gatehouse.stage.path("keys"), now: now, createIfEmpty: false)
                .signing(.events, at: now)
            try await gatehouse.withStore { store in
                let old = Timestamp(seconds: now - 40 * 86_400)
                try await store.write { transaction in
                    try transaction.audit.append(.auditKeyUsed(key.kid, at: old))
                    for _ in 0..<4 {
                        try transaction.audit.append(
                            AuditEntry(.personSignedOut, at: old, actor: .system, initiator: .system))
                    }
                    let head = try #require(try transaction.audit.tail(limit: 1).first)
                    #expect(
                        try transaction.audit.checkpoints.insert(
                            AuditCheckpoint(.main, sequence: head.sequence, hash: head.hash, at: old, with: key)))
                }
            }
            #expect(try await gatehouse("clients", "allow", "one.example").status == 0)
            try await test(gatehouse)
        }
    }

    private static func dropped(_ gatehouse: CommandLineProgram) async throws -> Int64? {
        try await gatehouse("audit", "verify", "--json").json().object?["dropped"]?.integer
    }

    @Test(arguments: ["0s", "5m", "29d", "2999-01-01"])
    func `records of the last 30 days, and those of the future, are dropped only with --yes`(time: String) async throws
    {
        try await Self.play { gatehouse in
            let path = gatehouse.stage.path("out.jsonl")
            let refused = try await gatehouse("audit", "export", path, "--drop-before", time)
            #expect(refused.status == 2 && refused.errorLines.count == 1 && refused.errors.contains("--yes"))
            #expect(!FileManager.default.fileExists(atPath: path))
            let asked = try await gatehouse.inTerminal(
                ["audit", "export", path, "--drop-before", time], typed: "y\n")
            #expect(asked.run.status == 2)
            #expect(try await Self.dropped(gatehouse) == 0)
            let meant = try await gatehouse("audit", "export", path, "--drop-before", time, "--yes")
            #expect(meant.status == 0, "\(meant.errors)")
            #expect(try await Self.dropped(gatehouse) ?? 0 >= 5)
        }
    }

    @Test func `older records are dropped after a question on a terminal, and without one otherwise`() async throws {
        try await Self.play { gatehouse in
            let paths = (0..<3).map { gatehouse.stage.path("out-\($0).jsonl") }
            let no = try await gatehouse.inTerminal(
                ["audit", "export", paths[0], "--drop-before", "30d"], typed: "n\n")
            #expect(no.run.status == 1 && no.shown.contains("Delete its 5 audit records"))
            #expect(no.shown.contains("Nothing was deleted."))
            #expect(try await gatehouse("audit", "verify", paths[0]).status == 0)
            #expect(try await Self.dropped(gatehouse) == 0)
            let yes = try await gatehouse.inTerminal(
                ["audit", "export", paths[1], "--drop-before", "30d"], typed: "y\n")
            #expect(yes.run.status == 0)
            #expect(try await Self.dropped(gatehouse) == 5)
        }
        try await Self.play { gatehouse in
            let run = try await gatehouse("audit", "export", gatehouse.stage.path("out.jsonl"), "--drop-before", "30d")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try await Self.dropped(gatehouse) == 5)
        }
    }
}
