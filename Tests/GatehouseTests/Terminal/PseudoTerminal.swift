import Foundation
import TestSupport

/// A terminal without anybody in front: what was typed beforehand is read from it, and what is written to it is kept.
final class PseudoTerminal {
    private let ours: Int32
    private let name: String

    init(typed: String, columns: UInt16 = 80) throws {
        ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not see: they unlock the other side and tell its number.
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

    /// The side that a program reads and writes.
    func side() throws -> FileHandle {
        let side = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard side >= 0 else { throw StageFailure("the terminal cannot be opened") }
        return FileHandle(fileDescriptor: side, closeOnDealloc: true)
    }

    /// What the program has written so far, with what was typed as the terminal echoed it.
    func shown() -> String {
        var (all, piece): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 4_096))
        while case let count = read(ours, &piece, piece.count), count > 0 { all += piece.prefix(count) }
        return String(decoding: all, as: UTF8.self)
    }
}
