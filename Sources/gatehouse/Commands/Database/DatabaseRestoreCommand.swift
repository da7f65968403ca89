import ArgumentParser
import AuthorizationServer
import Foundation
import JOSE
import Storage

/// `gatehouse db restore`: puts a backup in the place of the database, or only examines it.
struct DatabaseRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore a backup, or check with --check that one can be restored.",
        discussion: """
            Restores into the folders of the configuration, which need not be those of the backup. The server must be stopped. The \
            backup is examined first, as with --check; nothing is changed if it has a defect. A database that exists is only \
            replaced with --replace, and then kept under another name. Keys that exist are never replaced.

            With --without-keys nothing proves that the database is the one that was backed up.

            With --check, examines the backup in a private temporary folder and changes nothing: pages and references, schema, \
            audit trail, and whether the recovery passphrase opens the keys and these open the sealed values.
            """)
    @Argument(help: "File written by 'db backup'.") var file: String
    @Flag(help: "Examine the backup; restore nothing.") var check = false
    @Flag(help: "Move an existing database aside.") var replace = false
    @Flag(help: "Leave the keys in the backup alone; needs no recovery passphrase.") var withoutKeys = false
    @OptionGroup var recovery: RecoveryPassphraseOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        try ExclusiveOptions([("--check", check), ("--replace", replace)]).requireOne()
        try ExclusiveOptions([
            ("--without-keys", withoutKeys), ("--recovery-passphrase-file", recovery.recoveryPassphraseFile != nil),
        ]).requireOne()
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let now = WallClock.system.now()
        let backup = try BackupFile(
            path: AbsolutePath(file, relativeTo: FileManager.default.currentDirectoryPath).string)
        let archive = try archive(in: backup)
        let answer: AdministrationAnswer
        if check {
            let folder = try BackupExamination.temporaryFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            answer = try await BackupExamination(backup: backup, archive: archive, folder: folder).run(at: now) {
                .one($2, note: "The backup can be restored.", warning: Self.warning($2))
            }
        } else {
            let restore = DatabaseRestore(
                configuration: configuration, backup: backup, archive: archive, replaces: replace, now: now)
            answer = try await StatedReason.$current.withValue(act.reason) { try await restore.run() }
        }
        global.presentation().show(answer)
    }

    /// A backup is usable without the values that none of its keys opens, but its owner has to know.
    private static func warning(_ row: JSONObject) -> String? {
        row["unopened_values"]?.string.map { "The keys in the backup do not open these sealed values: \($0)." }
    }

    /// The keys in the backup; nil if there are none, or if they are not asked for.
    private func archive(in backup: BackupFile) throws -> KeyArchive? {
        guard let seal = backup.seal else {
            guard recovery.recoveryPassphraseFile == nil else {
                throw CommandError("\(backup.path) holds no keys, so no recovery passphrase opens it.")
            }
            return nil
        }
        guard !withoutKeys else { return nil }
        guard let key = RecoveryKey(try recovery.existing(), seal.derivation), let archive = seal.open(with: key) else {
            throw CommandError(
                "The recovery passphrase does not open the keys in \(backup.path), or the file was changed. Nothing was changed "
                    + "here.")
        }
        return archive
    }
}
