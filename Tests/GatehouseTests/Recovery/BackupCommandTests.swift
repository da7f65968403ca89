import Foundation
import JOSE
import Storage
import TestSupport
import Testing

@Suite("gatehouse db backup")
struct BackupCommandTests {
    private static let phrase = "correct horse battery staple"

    /// A file with the recovery passphrase that only its owner can read.
    private static func passphrase(_ stage: Stage, _ text: String = phrase) throws -> String {
        let path = try stage.write(text + "\n", to: "recovery.txt")
        chmod(path, 0o600)
        return path
    }

    private static func folder(_ stage: Stage) throws -> String {
        let path = stage.path("backups")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        return path
    }

    private static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test func `a dated backup replaces the oldest, and nothing else in its folder is touched`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let folder = try Self.folder(gatehouse.stage)
            let copy = gatehouse.stage.path("copy.sqlite")
            _ = try await gatehouse("db", "backup", copy)
            // Backups of earlier days, of a day to come, and things that only look like them.
            let old = ["20200101", "20200102", "29990101"].map { "gatehouse-\($0)T000000Z.backup" }
            for name in old { try FileManager.default.copyItem(atPath: copy, toPath: "\(folder)/\(name)") }
            try Data("letters".utf8).write(to: URL(filePath: folder + "/gatehouse-20200103T000000Z.backup"))
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/gatehouse-20200104T000000Z.backup", withDestinationPath: copy)
            try FileManager.default.copyItem(atPath: copy, toPath: folder + "/gatehouse-2020.backup")
            try FileManager.default.copyItem(atPath: copy, toPath: folder + "/other-20200101T000000Z.backup")
            let made = try #require(
                try await gatehouse("db", "backup", "--to", folder, "--keep", "2", "--json").json().object)
            let file = try #require(made["file"]?.string)
            #expect(made["deleted"] == .strings(Array(old.prefix(2))))
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
            #expect(
                try Self.names(folder)
                    == [
                        "gatehouse-2020.backup", "gatehouse-20200103T000000Z.backup",
                        "gatehouse-20200104T000000Z.backup", URL(filePath: file).lastPathComponent, old[2],
                        "other-20200101T000000Z.backup",
                    ].sorted())
            #expect(FileManager.default.fileExists(atPath: copy))
        }
    }

    @Test func `the new backup stays even if the clock makes it the oldest`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let folder = try Self.folder(gatehouse.stage)
            let copy = gatehouse.stage.path("copy.sqlite")
            _ = try await gatehouse("db", "backup", copy)
            try FileManager.default.copyItem(atPath: copy, toPath: folder + "/gatehouse-29990101T000000Z.backup")
            let made = try await gatehouse("db", "backup", "--to", folder, "--keep", "1", "--json").json().object
            let file = try #require(made?["file"]?.string)
            #expect(try Self.names(folder) == [URL(filePath: file).lastPathComponent])
        }
    }

    @Test(arguments: [false, true])
    func `a streamed backup is the same as a file, and can be checked`(isServing: Bool) async throws {
        try await Stage.play { stage in
            let gatehouse = CommandLineProgram(stage: stage)
            let phrase = try Self.passphrase(stage)
            let options = ["db", "backup", "--to", "-", "--recovery-passphrase-file", phrase]
            if isServing {
                _ = try await RunningGatehouse.start(on: stage)
            } else {
                #expect(try await gatehouse("db", "init").status == 0)
            }
            let output = try await gatehouse.output(options)
            let checked = try await gatehouse(
                "db", "restore", output, "--check", "--recovery-passphrase-file", phrase, "--json")
            #expect(checked.status == 0, "\(checked.errors)")
            #expect(try checked.json().object?["keys"] == "opened")
        }
    }

    @Test func `a file that others can read, a short passphrase and contradicting options are refused`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let (stage, target) = (gatehouse.stage, gatehouse.stage.path("b.backup"))
            let open = try Self.passphrase(stage)
            chmod(open, 0o644)
            let shared = try await gatehouse("db", "backup", target, "--recovery-passphrase-file", open)
            #expect(shared.status == 1 && shared.errors.contains("chmod 600"), "\(shared.errors)")
            let short = try Self.passphrase(stage, "short")
            let weak = try await gatehouse("db", "backup", target, "--recovery-passphrase-file", short)
            #expect(weak.status == 1 && weak.errors.contains("12 to 1000 bytes"), "\(weak.errors)")
            let absent = try await gatehouse("db", "backup", target, "--with-keys")
            #expect(absent.status == 2 && absent.errors.contains("--recovery-passphrase-file"), "\(absent.errors)")
            for words in [
                ["db", "backup"], ["db", "backup", target, "--to", "x"], ["db", "backup", target, "--keep", "3"],
                ["db", "backup", "--to", "-", "--keep", "3"], ["db", "backup", "--to", "x", "--keep", "0"],
            ] {
                #expect(try await gatehouse(words).status == 2, "\(words)")
            }
            let nowhere = try await gatehouse("db", "backup", "--to", stage.path("nowhere"))
            #expect(nowhere.status == 1 && nowhere.errors.contains("is not a folder"), "\(nowhere.errors)")
            #expect(!FileManager.default.fileExists(atPath: target))
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible))
    func `a backup that fills its disk leaves no file, deletes no older one and does not count`() async throws {
        let disk = try SmallDisk(megabytes: 1)
        defer { disk.unmount() }
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            try Data(count: 900_000).write(to: URL(filePath: disk.path + "/filler"))
            let full = try await gatehouse("db", "backup", "--to", disk.path, "--keep", "1")
            #expect(full.status == 1 && full.errors.contains("No space left"), "\(full.errors)")
            #expect(try Self.names(disk.path) == ["filler"])
            let (stored, copied) = try await gatehouse.withStore { store in
                try await store.read { (try $0.backups.last(), try $0.backups.lastCopied()) }
            }
            #expect(stored == nil && copied != nil)
        }
    }

    @Test func `a backup counts for the doctor only once its receiver has it`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            #expect(try await gatehouse("doctor").output.contains("No backup was ever stored"))
            _ = try await gatehouse("db", "backup", gatehouse.stage.path("one"))
            #expect(try await gatehouse("doctor").output.contains("made 0 days ago"))
        }
    }
}

extension CommandLineProgram {
    /// Runs a command and returns the file with its standard output.
    func output(_ arguments: [String]) async throws -> String {
        let child = try ChildProcess(
            Workspace.program("gatehouse"), arguments,
            environment: ["GATEHOUSE_CONFIG": stage.path("gatehouse.yaml")], output: stage.logFile("stream"),
            errors: stage.logFile("stream-errors"))
        stage.adopt(child)
        guard try await child.end() == 0 else { throw StageFailure(try stage.log("stream-errors")) }
        return stage.path("stream.log")
    }
}
