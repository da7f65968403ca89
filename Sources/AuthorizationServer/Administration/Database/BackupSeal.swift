import Foundation
package import JOSE
package import OAuth

/// The part of a backup behind its database: the keys under a recovery passphrase, and what the database before it has to be.
///
/// It is a line of JSON, its length in eight bytes, and the mark `GateKeys`. Everything in the line is authenticated by the key that
/// seals the keys, so that nobody without the passphrase can exchange the database of a backup unnoticed.
package struct BackupSeal: Sendable {
    /// When the backup was made.
    package let createdAt: Timestamp
    /// The issuer that made it; nil if the process did not know it.
    package let issuer: String?
    /// How the recovery passphrase becomes the key.
    package let derivation: RecoveryKey.Derivation
    /// The SHA-256 of the database.
    let digest: Digest
    /// The size of the database, in bytes.
    let databaseSize: Int64
    private let line: JSONObject
    private let sealed: [UInt8]

    /// The length of what follows the line.
    static let footer = 16
    private static let mark = Array("GateKeys".utf8)
    private static let limit = 64 << 20
    private static let context = "gatehouse backup 1\n"

    /// Opens the keys; nil if the passphrase is another one, or if the line was changed.
    package func open(with key: RecoveryKey) -> KeyArchive? {
        key.open(sealed, context: Self.context + line.text).flatMap(KeyArchive.init(parsing:))
    }

    /// Appends the sealed keys to a file that holds only a database.
    static func append(
        _ archive: KeyArchive, to path: String, with key: RecoveryKey, at now: Timestamp, issuer: String?
    ) throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? file.close() }
        let digest = DigestStream()
        var size: Int64 = 0
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            digest.append(piece)
            size += Int64(piece.count)
        }
        var line: JSONObject = [
            "format": "gatehouse backup", "version": 1, "created_at": .string(now.rfc3339),
            "database": ["bytes": .integer(size), "sha256": .string(digest.finish().base64URL)],
            "derivation": .object(key.derivation.json),
        ]
        line["issuer"] = issuer.map(JSON.string)
        guard let sealed = key.seal(try archive.bytes(), context: context + line.text) else {
            throw AdministrationError(.unavailable, "The keys could not be sealed for the backup. Nothing was written.")
        }
        line["keys"] = .string(Base64URL.encode(sealed))
        let bytes = line.bytes + [UInt8(ascii: "\n")]
        let length = withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { [UInt8]($0) }
        try file.write(contentsOf: bytes + length + mark)
    }

    /// The length of the line before this footer; nil for anything else at the end of a file.
    static func length(footer: [UInt8]) -> Int64? {
        guard footer.count == Self.footer, footer.suffix(mark.count).elementsEqual(mark) else { return nil }
        let length = footer.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (1...UInt64(limit)).contains(length) ? Int64(length) : nil
    }

    /// Parses the line; nil for a malformed one, and for one of a later version.
    init?(line bytes: [UInt8]) {
        guard var line = try? JSONObject(parsing: bytes, limits: JSON.Limits(bytes: Self.limit)),
            line["format"] == "gatehouse backup", line["version"] == 1,
            let createdAt = line["created_at"]?.string.flatMap(Timestamp.init(rfc3339:)),
            let database = line["database"]?.object, let size = database["bytes"]?.integer,
            let digest = database["sha256"]?.string.flatMap(Base64URL.decode).flatMap(Digest.init(bytes:)),
            let derivation = line["derivation"]?.object.flatMap(RecoveryKey.Derivation.init),
            let sealed = line["keys"]?.string.flatMap(Base64URL.decode)
        else { return nil }
        self.createdAt = createdAt
        issuer = line["issuer"]?.string
        self.derivation = derivation
        self.digest = digest
        databaseSize = size
        self.sealed = sealed
        line["keys"] = nil
        self.line = line
    }
}
