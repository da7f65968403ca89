import ArgumentParser
import Foundation
import JOSE

/// The option that names the file with the recovery passphrase, under which a backup holds the keys.
struct RecoveryPassphraseOptions: ParsableArguments {
    @Option(help: "File with the recovery passphrase in its first line, readable by its owner only.")
    var recoveryPassphraseFile: String?

    private static let name = "recovery passphrase"
    private static let option = "--recovery-passphrase-file"

    /// The passphrase of an existing backup, from the file or from the terminal.
    func existing() throws -> Secret {
        if let recoveryPassphraseFile { return try Self.read(recoveryPassphraseFile, option: Self.option) }
        return try PasswordPrompt.ask(for: Self.name, otherwise: Self.option)
    }

    /// The passphrase for a new backup. At the terminal it is typed twice.
    func new() throws -> Secret {
        let passphrase = try existing()
        guard RecoveryKey.acceptedLength.contains(passphrase.bytes.count) else {
            let (least, most) = (RecoveryKey.acceptedLength.lowerBound, RecoveryKey.acceptedLength.upperBound)
            throw CommandError(
                "The recovery passphrase must have \(least) to \(most) bytes. Nothing was written.")
        }
        guard recoveryPassphraseFile == nil else { return passphrase }
        guard passphrase == (try PasswordPrompt.ask(for: "same passphrase again", otherwise: Self.option)) else {
            throw CommandError("The passphrases do not match. Nothing was written.")
        }
        return passphrase
    }

    /// The path from the command line as an absolute one.
    static func absolute(_ path: String) -> String {
        AbsolutePath(path, relativeTo: FileManager.default.currentDirectoryPath).string
    }

    /// The first line of a file that only its owner can read.
    static func read(_ path: String, option: String) throws -> Secret {
        if let fault = SecretFile.fault(of: path, isGroupReadable: false) {
            throw CommandError("The file \(path) (\(option)) \(fault)")
        }
        guard let file = FileHandle(forReadingAtPath: path), let bytes = try file.read(upToCount: 4096) else {
            throw CommandError(
                "Cannot read \(path) (\(option)). Check that it exists, has a first line, and that you may read it.")
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        return Secret(bytes: [UInt8](line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
    }
}
