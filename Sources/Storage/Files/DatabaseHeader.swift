import Foundation

/// The first 100 bytes of a database file, which tell without opening it whether it is Gatehouse's and how long it has to be.
package struct DatabaseHeader: Hashable, Sendable {
    /// The number of bytes of a header.
    package static let length = 100
    private static let magic = Array("SQLite format 3".utf8) + [0]

    /// The size of the whole database in bytes; a file that is shorter was cut off.
    package let size: Int64

    /// Reads a header; nil unless it is that of a database of Gatehouse.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes.starts(with: Self.magic) else { return nil }
        func number(_ range: Range<Int>) -> UInt32 { bytes[range].reduce(0) { $0 << 8 | UInt32($1) } }
        guard number(68..<72) == UInt32(bitPattern: Schema.applicationID) else { return nil }
        // The size of a page; 1 stands for 65,536, which two bytes cannot hold.
        let page = number(16..<18) == 1 ? 65_536 : Int64(number(16..<18))
        guard page >= 512, number(28..<32) > 0 else { return nil }
        size = page * Int64(number(28..<32))
    }

    /// Reads the header of a plain file of this user; nil for anything else, such as a link.
    package init?(ofOwnFile path: String) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: Self.length)
        guard read(descriptor, &bytes, bytes.count) == bytes.count else { return nil }
        self.init(bytes)
        // A file that was cut off is no backup that could push out a whole one.
        guard Int64(status.st_size) >= size else { return nil }
    }
}
