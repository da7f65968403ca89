import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth

/// `gatehouse db backup`: a copy of the database, with the keys if asked for.
struct DatabaseBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back the database up into a new file; works while a server runs.",
        discussion: """
            With --with-keys or --recovery-passphrase-file, the file also holds the keys, sealed under a recovery passphrase: it \
            is then all that 'gatehouse db restore' needs. Without them, copy the keys folder too, to another place.

            --to FOLDER writes gatehouse-DATE.backup there, and --keep N then deletes all but the newest N of these. Files that \
            'db backup' did not write are left alone. --to - writes to standard output.
            """)
    @Argument(help: "File to write; it must not exist.") var file: String?
    @Option(help: ArgumentHelp("Folder for a dated file, or - for standard output.", valueName: "folder"))
    var to: String?
    @Option(help: "With --to FOLDER: number of backups to keep there; older ones are deleted.") var keep: Int?
    @Flag(help: "Seal the keys into the file; asks for the recovery passphrase if there is no file with it.")
    var withKeys = false
    @OptionGroup var recovery: RecoveryPassphraseOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (file == nil) != (to == nil) else {
            throw ValidationError("Give either a file or --to.")
        }
        guard let keep else { return }
        guard let to, to != "-" else { throw ValidationError("--keep requires --to with a folder.") }
        guard (1...10_000).contains(keep) else { throw ValidationError("--keep must be between 1 and 10000.") }
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let now = WallClock.system.now()
        let target = try target(at: now)
        let key = try recoveryKey()
        let route = AdministrationRoute(configuration, reason: act.reason)
        let request = AdministrationRequest.database(.backup(key))
        guard let target else {
            guard !Terminal.printsToTerminal else {
                throw UsageError("A backup is not for a terminal. Redirect the output, or use --to with a folder.")
            }
            try await route.copyFile(request, to: .standardOutput)
            return await recordStored(now, route)
        }
        let bytes = try await route.file(request, into: target.file)
        await recordStored(now, route)
        var answer: JSONObject = [
            "file": .string(target.file.path), "bytes": .integer(bytes), "keys": .bool(key != nil),
        ]
        if let folder = target.folder, let keep {
            answer["deleted"] = .strings(try folder.prune(keeping: keep, with: target.file.path))
        }
        let note = key == nil ? "The file does not hold the keys. Copy the keys folder too, to another place." : nil
        global.presentation().show(.one(answer, note: note))
    }

    /// The file to write; nil for standard output.
    private func target(at now: Timestamp) throws -> (file: OutputFile, folder: BackupFolder?)? {
        if let file { return (try OutputFile(path: file), nil) }
        guard let to, to != "-" else { return nil }
        let folder = try BackupFolder(path: to)
        return (try folder.file(at: now), folder)
    }

    private func recoveryKey() throws -> RecoveryKey? {
        guard withKeys || recovery.recoveryPassphraseFile != nil else { return nil }
        return RecoveryKey(try recovery.new())
    }

    /// Stores the time for `doctor`, once the file is on the disk or the stream has ended.
    private func recordStored(_ time: Timestamp, _ route: AdministrationRoute) async {
        do {
            _ = try await route.send(.database(.backupStored(at: time.seconds)))
        } catch {
            Terminal.printError(
                "The backup was made, but 'gatehouse doctor' will not know of it: \(Sentence.of(error))")
        }
    }
}
