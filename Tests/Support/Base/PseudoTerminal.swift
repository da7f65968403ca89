package import Foundation

/// A pseudo-terminal: a program reads what was typed beforehand, and what it writes is kept.
package final class PseudoTerminal: Sendable {
    private let ours: Int32
    private let name: String

    /// Opens a terminal in which this is typed already.
    package init(typed: String, columns: UInt16 = 80) throws {
        ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not import: they unlock the other side and return its number.
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        guard ours >= 0, ioctl(ours, 0x4004_5431, &isLocked) == 0, ioctl(ours, 0x8004_5430, &number) == 0 else {
            throw StageFailure("this machine gives no terminal")
        }
        name = "/dev/pts/\(number)"
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(ours, UInt(TIOCSWINSZ), &size) == 0 else { throw StageFailure("the terminal takes no size") }
        guard write(ours, typed, typed.utf8.count) == typed.utf8.count else { throw StageFailure("nothing was typed") }
    }

    deinit { close(ours) }

    /// The side of the program.
    package func side() throws -> FileHandle {
        let side = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard side >= 0 else { throw StageFailure("the terminal cannot be opened") }
        return FileHandle(fileDescriptor: side, closeOnDealloc: true)
    }

    /// The program's output so far, including the echo of the typed text.
    package func shown() -> String {
        var (all, piece): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 4_096))
        while case let count = read(ours, &piece, piece.count), count > 0 { all += piece.prefix(count) }
        return String(decoding: all, as: UTF8.self)
    }
}
