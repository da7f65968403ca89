import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@Suite("gatehouse db restore")
struct RestoreBackupTests {
    private static let phrase = "correct horse battery staple"

    /// A database with one user and one live session, a backup of it with its keys, and the file with the passphrase.
    struct World {
        let gatehouse: CommandLineProgram
        let backup: String
        let phrase: String
        let session: SessionID

        var stage: Stage { gatehouse.stage }

        func restore(_ options: String..., environment: [String: String] = [:]) async throws -> CommandLineProgram.Run {
            try await gatehouse(
                ["db", "restore", backup, "--recovery-passphrase-file", phrase] + options, environment: environment)
        }

        /// The environment of a Gatehouse with other folders.
        func elsewhere(_ name: String) -> [String: String] {
            [
                "GATEHOUSE_DATA": stage.path("\(name)/data"), "GATEHOUSE_KEYS": stage.path("\(name)/secret"),
                "GATEHOUSE_ADMIN_SOCKET": stage.path("\(name)/s/a.sock"),
            ]
        }

        /// The bytes of the backup with a change, in another file.
        func changed(_ change: (inout Data) -> Void) throws -> String {
            var bytes = try Data(contentsOf: URL(filePath: backup))
            change(&bytes)
            let path = stage.path("changed.backup")
            try bytes.write(to: URL(filePath: path))
            return path
        }
    }

    private static func play(_ test: (World) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let (stage, phrase) = (gatehouse.stage, try gatehouse.stage.write(Self.phrase, to: "recovery.txt"))
            chmod(phrase, 0o600)
            let key = try stage.ring().secret(.refresh).id
            let session = try await gatehouse.withStore { try await stage.plant(1, on: key, in: $0) }[0]
            let backup = stage.path("b.backup")
            let made = try await gatehouse("db", "backup", backup, "--recovery-passphrase-file", phrase, "--json")
            guard made.status == 0 else { throw StageFailure(made.errors) }
            try await test(World(gatehouse: gatehouse, backup: backup, phrase: phrase, session: session))
        }
    }

    /// Runs SQL on a file, as another program does.
    private static func run(_ sql: String, on path: String, _ stage: Stage) async throws {
        let script = """
            import sqlite3, sys
            connection = sqlite3.connect(sys.argv[1])
            connection.executescript(open(sys.argv[2], encoding="utf-8").read())
            connection.commit()
            """
        let child = try ChildProcess(
            "/usr/bin/env", ["python3", "-c", script, path, try stage.write(sql, to: "change.sql")],
            output: stage.logFile("python"), errors: stage.logFile("python-errors"))
        stage.adopt(child)
        guard try await child.end() == 0 else { throw StageFailure(try stage.log("python-errors")) }
    }

    private static func makeFolder(_ world: World, _ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: world.stage.path(name), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    @Test func `a check says from when the backup is and what is in it, and changes nothing`() async throws {
        try await Self.play { world in
            let run = try await world.restore("--check", "--json")
            #expect(run.status == 0, "\(run.errors)")
            let row = try #require(try run.json().object)
            #expect(row["sound"] == true && row["keys"] == "opened" && row["sessions"] == 1)
            #expect(row["unopened_values"] == .null && row["issuer"] == "http://localhost:8080")
            #expect(row["created_at"]?.string.flatMap(Timestamp.init(rfc3339:)) != nil)
            let left = try FileManager.default.contentsOfDirectory(atPath: world.stage.directory)
            #expect(!left.contains { $0.hasPrefix("gatehouse-check") })
            #expect(try await world.gatehouse("db", "check").status == 0)
        }
    }

    @Test func `one file and the passphrase make a Gatehouse in other folders, with encrypted keys`() async throws {
        try await Self.play { world in
            try Self.makeFolder(world, "new")
            let keys = try world.stage.write("the passphrase of the new folder", to: "keys.txt")
            chmod(keys, 0o600)
            var other = world.elsewhere("new")
            other["GATEHOUSE_KEYS_PASSPHRASE_FILE"] = keys
            let run = try await world.restore("--json", environment: other)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try run.json().object?["keys"] == "restored")
            let listed = try await world.gatehouse(["sessions", "list", "--json"], environment: other)
            #expect(try listed.json().array?.first?.object?["id"] == .string(world.session.string))
            #expect(try await world.gatehouse(["audit", "verify"], environment: other).status == 0)
            let records = try await world.gatehouse(["audit", "tail", "--json"], environment: other).json().array
            #expect(records?.last?.object?["action"] == "database.restored")
            // The old folders are what they were.
            #expect(try await world.gatehouse("sessions", "list", "--json").json().array?.count == 1)
            let names = try FileManager.default.contentsOfDirectory(atPath: world.stage.path("new/secret"))
            let texts = try names.filter { $0.hasSuffix(".key") }.map {
                try String(contentsOfFile: world.stage.path("new/secret/\($0)"), encoding: .utf8)
            }
            #expect(texts.count == 4 && texts.allSatisfy { $0.hasPrefix("sealed:") })
            let left = try FileManager.default.contentsOfDirectory(atPath: world.stage.path("new/data"))
            // A reading command may leave the files of the database's log behind.
            #expect(left.filter { !$0.hasPrefix("gatehouse.sqlite-") }.sorted() == ["gatehouse.sqlite", "lock"])
        }
    }

    @Test func `an existing database is moved aside only with --replace, and its keys stay`() async throws {
        try await Self.play { world in
            let before = try world.stage.ring().list(at: 0).map(\.id)
            _ = try await world.gatehouse("users", "add", "late", "--password-stdin", input: "correct horse battery\n")
            let refused = try await world.restore()
            #expect(refused.status == 1 && refused.errors.contains("--replace"), "\(refused.errors)")
            #expect(try await world.gatehouse("users", "list", "--json").json().array?.count == 2)
            let run = try await world.restore("--replace", "--json")
            #expect(run.status == 0, "\(run.errors)")
            let row = try #require(try run.json().object)
            #expect(row["keys"] == "kept")
            #expect(try world.stage.ring().list(at: 0).map(\.id) == before)
            let kept = try #require(row["replaced_database"]?.string)
            let store = try Store(path: kept)
            #expect(try await store.read { try $0.users.find(named: "late") } != nil)
            try store.close()
            #expect(try await world.gatehouse("users", "list", "--json").json().array?.count == 1)
        }
    }

    @Test func `a running server is never replaced under its feet`() async throws {
        try await Self.play { world in
            let server = try await RunningGatehouse.start(on: world.stage)
            for option in [[], ["--replace"]] {
                let run = try await server.command(
                    ["db", "restore", world.backup, "--recovery-passphrase-file", world.phrase] + option)
                #expect(run.status == 1 && run.errors.contains("Stop the server"), "\(run.errors)")
            }
            #expect(try await server.json(["sessions", "list"]).array?.count == 1)
        }
    }

    @Test func `keys that ended after the backup stay ended, and sessions on them end at the next start`() async throws
    {
        try await Self.play { world in
            #expect(try await world.gatehouse("keys", "rotate", "refresh", "--now", "--yes").status == 0)
            let run = try await world.restore("--replace")
            #expect(
                run.status == 0 && run.output.contains("were ended since and stay ended"), "\(run.output)\(run.errors)")
            #expect(run.output.contains("run 'gatehouse audit accept-restore --reason"))
            let accepted = try await world.gatehouse("audit", "accept-restore", "--reason", "the disk of Monday")
            #expect(accepted.status == 0, "\(accepted.errors)")
            let server = try await RunningGatehouse.start(on: world.stage)
            #expect(try await server.object(["sessions", "show", world.session.string])["state"] == "ended")
        }
    }

    @Test func `a wrong passphrase, a changed byte and a cut file are refused before anything is touched`() async throws
    {
        try await Self.play { world in
            try Self.makeFolder(world, "new")
            let other = world.elsewhere("new")
            let wrong = try world.stage.write("correct horse battery stapler", to: "wrong.txt")
            chmod(wrong, 0o600)
            func refused(_ file: String, _ words: String, _ phrase: String? = nil) async throws {
                for check in [["--check"], []] {
                    let run = try await world.gatehouse(
                        ["db", "restore", file, "--recovery-passphrase-file", phrase ?? world.phrase] + check,
                        environment: other)
                    #expect(run.status == 1 && run.errors.contains(words), "\(words): \(run.errors)\(run.output)")
                    #expect(run.errorLines.count == 1)
                }
                #expect(!FileManager.default.fileExists(atPath: world.stage.path("new/data/gatehouse.sqlite")))
                #expect(!FileManager.default.fileExists(atPath: world.stage.path("new/secret")))
            }
            try await refused(world.backup, "does not open the keys", wrong)
            let size = try Data(contentsOf: URL(filePath: world.backup)).count
            // A byte of the database, of the time of the backup, and of the sealed keys.
            try await refused(try world.changed { $0[9_000] ^= 1 }, "is not the one that was backed up")
            try await refused(
                try world.changed { bytes in
                    let range = bytes.range(of: Data("\"created_at\":\"2".utf8))
                    if let range { bytes[range.upperBound - 1] = UInt8(ascii: "1") }
                }, "does not open the keys")
            try await refused(try world.changed { $0[size - 100] ^= 1 }, "keys")
            for cut in [1, 16, 400, size - 4_096, size - 50] {
                try await refused(try world.changed { $0.removeLast(cut) }, cut < 1_000 ? "cut off" : "backup")
            }
            try await refused(try world.changed { $0 = Data("letters".utf8) }, "is not a backup of Gatehouse")
            try await refused(world.stage.path("nowhere"), "Cannot read")
        }
    }

    @Test func `a database whose audit trail was changed is refused`() async throws {
        try await Self.play { world in
            let plain = world.stage.path("plain.sqlite")
            _ = try await world.gatehouse("db", "backup", plain)
            let change = "DROP TRIGGER audit_is_not_edited; UPDATE audit SET actor = 'system' WHERE sequence = 1"
            try await Self.run(change, on: plain, world.stage)
            let run = try await world.gatehouse("db", "restore", plain, "--check")
            #expect(run.status == 1 && run.errors.contains("FAILED"), "\(run.errors)")
        }
    }

    @Test func `a backup of an earlier version is examined in a copy, and one of a later version is refused`()
        async throws
    {
        try await Self.play { world in
            let old = world.stage.path("old.sqlite")
            try await Self.run(Workspace.text("Tests/StorageTests/Fixtures/previous-version.sql"), on: old, world.stage)
            let before = try Data(contentsOf: URL(filePath: old))
            let run = try await world.gatehouse("db", "restore", old, "--check")
            // The fixture lacks records of its trail, which is noticed behind the migrations.
            #expect(run.status == 1 && run.errors.contains("no record says that it was dropped"), "\(run.errors)")
            #expect(try Data(contentsOf: URL(filePath: old)) == before, "the backup itself stays as it is")
            try await Self.run("INSERT INTO grdb_migrations VALUES ('9999 of tomorrow')", on: old, world.stage)
            let newer = try await world.gatehouse("db", "restore", old, "--check")
            #expect(newer.status == 1 && newer.errors.contains("newer version"), "\(newer.errors)")
        }
    }

    @Test func `a backup without keys needs the keys folder, and a foreign folder is refused`() async throws {
        try await Self.play { world in
            try Self.makeFolder(world, "new")
            let other = world.elsewhere("new")
            let plain = world.stage.path("plain.sqlite")
            _ = try await world.gatehouse("db", "backup", plain)
            let lacking = try await world.gatehouse(["db", "restore", plain], environment: other)
            #expect(lacking.status == 1 && lacking.errors.contains("Restore the keys folder"), "\(lacking.errors)")
            #expect(try await world.gatehouse(["db", "init"], environment: other).status == 0)
            let foreign = try await world.restore("--replace", environment: other)
            #expect(foreign.status == 1 && foreign.errors.contains("belongs to another Gatehouse"), "\(foreign.errors)")
            let alone = try await world.gatehouse([
                "db", "restore", world.backup, "--without-keys", "--check", "--json",
            ])
            #expect(try alone.json().object?["keys"] == "not examined")
        }
    }

    @Test func `a link in the place of the database is not followed`() async throws {
        try await Self.play { world in
            try Self.makeFolder(world, "new")
            try Self.makeFolder(world, "new/data")
            let target = try world.stage.write("precious", to: "precious")
            try FileManager.default.createSymbolicLink(
                atPath: world.stage.path("new/data/gatehouse.sqlite"), withDestinationPath: target)
            let run = try await world.restore("--replace", environment: world.elsewhere("new"))
            #expect(run.status == 0, "\(run.errors)")
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious")
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible))
    func `a full disk leaves no database and no rest`() async throws {
        let disk = try SmallDisk(megabytes: 1)
        defer { disk.unmount() }
        try await Self.play { world in
            try Data(count: 600_000).write(to: URL(filePath: disk.path + "/filler"))
            var other = world.elsewhere("new")
            try Self.makeFolder(world, "new")
            other["GATEHOUSE_DATA"] = disk.path + "/data"
            let run = try await world.restore(environment: other)
            #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/data") == ["lock"])
            #expect(!FileManager.default.fileExists(atPath: world.stage.path("new/secret")))
        }
    }
}
