import ArgumentParser
import AuthorizationServer
import JOSE
import OAuth
import Storage

/// `gatehouse keys protect`: encrypts the key files, with another passphrase or not at all.
struct KeyProtectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "protect", abstract: "Encrypt the key files, with a first or another passphrase, or decrypt them.",
        discussion: """
            The present passphrase is read from 'keys_passphrase_file'. The server must be stopped. All files change at once: \
            after a kill the folder opens with the old passphrase or with the new one. Afterwards, set 'keys_passphrase_file' \
            to the new file, or remove it from the configuration.

            A leaked key stays leaked: 'keys rotate PURPOSE --now' replaces it.
            """)
    @Option(help: "File with the new passphrase in its first line, readable by its owner only.")
    var passphraseFile: String?
    @Flag(help: "Store the keys without a passphrase.") var remove = false
    @OptionGroup var act: ActOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (passphraseFile != nil) != remove else {
            throw ValidationError("Give either --passphrase-file or --remove.")
        }
    }

    func run() async throws {
        let configuration = try ServerConfiguration.load(file: global.config)
        let (old, new) = (try configuration.passphrase(), try newPassphrase())
        let reason = try act.checked()
        guard old != new else {
            throw CommandError(
                new == nil
                    ? "The keys have no passphrase. Nothing was changed."
                    : "The passphrase is the present one. Nothing was changed.")
        }
        let opened = try open(configuration)
        defer { opened.close() }
        let now = WallClock.system.now()
        // Opened first, so that a wrong passphrase leaves no record.
        _ = try configuration.openKeys(createIfEmpty: false)
        try await record(in: opened.store, at: now, isEncrypted: new != nil, reason)
        let count = try KeyProtection.change(of: configuration.keys, from: old, to: new, now: now.seconds)
        let answer: JSONObject = [
            "keys": .string(configuration.keys), "count": .integer(Int64(count)), "encrypted": .bool(new != nil),
        ]
        let file = passphraseFile.map { RecoveryPassphraseOptions.absolute($0) }
        Presentation(columns: [], json: global.json).show(
            .one(
                answer,
                note: file.map {
                    "Set 'keys_passphrase_file' to \($0), then start the server. Backups of the folder keep their passphrase."
                } ?? "Remove 'keys_passphrase_file' from the configuration, then start the server."))
    }

    private func newPassphrase() throws -> Secret? {
        guard let passphraseFile else { return nil }
        let passphrase = try RecoveryPassphraseOptions.read(passphraseFile, option: "--passphrase-file")
        guard RecoveryKey.acceptedLength.contains(passphrase.bytes.count), !passphrase.bytes.contains(0) else {
            let (least, most) = (RecoveryKey.acceptedLength.lowerBound, RecoveryKey.acceptedLength.upperBound)
            throw CommandError("The passphrase must have \(least) to \(most) bytes and no NUL. Nothing was changed.")
        }
        return passphrase
    }

    private func open(_ configuration: ServerConfiguration) throws -> DirectAccess.Opened {
        do {
            return try DirectAccess(configuration).open()
        } catch StoreError.locked(let path) {
            throw CommandError("A server or another command uses \(path). Nothing was changed. Stop the server first.")
        }
    }

    private func record(
        in store: Store, at now: Timestamp, isEncrypted: Bool, _ reason: String?
    ) async throws {
        let administrator = Administrator.current
        _ = try await store.write { transaction in
            try transaction.audit.append(
                AuditEntry(
                    .keysProtected, at: now, actor: .admin(uid: administrator.uid, claimed: administrator.claimed),
                    reason: isEncrypted ? "encrypted" : "not encrypted", initiator: .human, explanation: reason))
        }
    }
}
