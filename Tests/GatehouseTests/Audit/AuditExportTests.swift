import Foundation
import GRDB
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("audit export with a damaged trail or folder")
struct AuditExportTests {
    private static func play(_ test: (CommandLineProgram, _ path: String) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for host in ["one.example", "two.example", "three.example"] {
                #expect(try await gatehouse("clients", "allow", host).status == 0)
            }
            try await test(gatehouse, gatehouse.stage.path("out.jsonl"))
        }
    }

    @Test(arguments: [[], ["--action", "client"], ["--drop-before", "0s", "--yes"]])
    func `over a damaged chain it writes the file, prints its path, and exits as audit verify does`(more: [String])
        async throws
    {
        try await Self.play { gatehouse, path in
            let database = try DatabaseQueue(path: gatehouse.stage.path("var/gatehouse.sqlite"))
            try await database.write { db in
                for name in try String.fetchAll(
                    db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
                {
                    try db.execute(sql: "DROP TRIGGER \(name)")
                }
                try db.execute(sql: "UPDATE audit SET at = at + 1 WHERE sequence = 2")
            }
            try database.close()
            let verified = try await gatehouse("audit", "verify")
            let run = try await gatehouse(["audit", "export", path] + more)
            #expect(run.status == verified.status && run.status == 1, "\(run.errors)")
            #expect(run.errors.contains("record 2 was altered"), "\(run.errors)")
            #expect(run.errors.contains(path))
            #expect(run.output.contains(path))
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.contains { $0.contains(#""sequence":2"#) || $0.contains("unreadable") })
            let left = try await gatehouse.withStore { try await $0.read { try $0.audit.tail(limit: 99) }.count }
            #expect(left >= 3, "nothing was dropped")
        }
    }

    @Test func `with a read-only keys folder it exports and warns`()
        async throws
    {
        try await Self.play { gatehouse, path in
            // A folder in the place of the draft file: not even root can write it.
            let note = gatehouse.stage.path("keys/.checkpoints.json.draft")
            try FileManager.default.createDirectory(atPath: note, withIntermediateDirectories: false)
            let run = try await gatehouse("audit", "export", path)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.contains("could not be kept beside the keys"), "\(run.errors)")
            #expect(run.errors.contains(gatehouse.stage.path("keys/checkpoints.json")))
            #expect(try await gatehouse("audit", "verify", path).status == 0)
        }
    }

    @Test func `--drop-before on a trail without a checkpoint that old exports, drops nothing and exits 0`()
        async throws
    {
        try await Self.play { gatehouse, path in
            let run = try await gatehouse("audit", "export", path, "--drop-before", "365d")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("Nothing was deleted."))
            let again = try await gatehouse(
                "audit", "export", path + ".2", "--drop-before", "365d", "--json")
            #expect(try again.json().object?["dropped"] == 0)
            #expect(try await gatehouse("audit", "verify", path).status == 0)
        }
    }
}
