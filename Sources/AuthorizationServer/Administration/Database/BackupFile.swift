import Foundation
import JOSE
import Storage

/// A file that `db backup` wrote: a database, and behind it the sealed keys if they were asked for.
package struct BackupFile: Sendable {
    /// The path, for messages.
    package let path: String
    /// The size of the file, in bytes.
    package let size: Int64
    /// The sealed keys; nil for a backup of the database alone.
    package let seal: BackupSeal?
    private let databaseSize: Int64

    /// Reads the ends of the file, and refuses one that is not whole.
    package init(path: String) throws(AdministrationError) {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw AdministrationError(.notFound, "Cannot read \(path). Check that it exists and that you may read it.")
        }
        defer { try? file.close() }
        guard let size = try? file.seekToEnd(), let header = DatabaseHeader(Self.bytes(of: file, at: 0, 100)) else {
            throw AdministrationError(.invalid, "\(path) is not a backup of Gatehouse.")
        }
        (self.path, self.size, databaseSize) = (path, Int64(size), header.size)
        guard self.size >= header.size else {
            throw AdministrationError(
                .unsound, "\(path) is cut off: it has \(size) of \(header.size) bytes. Use another backup.")
        }
        seal = self.size == header.size ? nil : try Self.seal(in: file, path, from: header.size, to: self.size)
    }

    private static func seal(
        in file: FileHandle, _ path: String, from start: Int64, to end: Int64
    ) throws(AdministrationError) -> BackupSeal {
        let last = end - Int64(BackupSeal.footer)
        guard last > start, let length = BackupSeal.length(footer: bytes(of: file, at: last, BackupSeal.footer)),
            start + length == last, let seal = BackupSeal(line: bytes(of: file, at: start, Int(length))),
            seal.databaseSize == start
        else {
            throw AdministrationError(
                .unsound,
                "\(path) is cut off or damaged behind its database, or of a newer version: its keys cannot be read. Use another backup."
            )
        }
        return seal
    }

    private static func bytes(of file: FileHandle, at offset: Int64, _ count: Int) -> [UInt8] {
        guard (try? file.seek(toOffset: UInt64(offset))) != nil else { return [] }
        return (try? file.read(upToCount: count)).flatMap { $0 }.map { [UInt8]($0) } ?? []
    }

    /// Writes the database into a new file, and compares it with the seal if there is one.
    package func extractDatabase(to target: String) throws {
        let (source, digest) = (try FileHandle(forReadingFrom: URL(filePath: path)), DigestStream())
        defer { try? source.close() }
        guard FileManager.default.createFile(atPath: target, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: target)
        else { throw AdministrationError(.unavailable, "Cannot write \(target).") }
        defer { try? file.close() }
        var rest = databaseSize
        while rest > 0, let piece = try source.read(upToCount: Int(min(rest, 1 << 20))), !piece.isEmpty {
            digest.append(piece)
            try file.write(contentsOf: piece)
            rest -= Int64(piece.count)
        }
        try file.synchronize()
        guard rest == 0, seal.map({ $0.digest == digest.finish() }) ?? true else {
            throw AdministrationError(
                .unsound, "The database in \(path) is not the one that was backed up. Use another backup.")
        }
    }
}
