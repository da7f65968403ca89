import Foundation
import Glibc
import JOSE

/// A file that only its owner may read, replaced as a whole.
enum PrivateFile {
    /// Writes the file under a temporary name and then gives it its own, so that no reader sees a part of it.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + "." + Random.token(9)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandError.system("create", temporary) }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try file.write(contentsOf: Data(bytes))
        guard rename(temporary, path) == 0 else { throw CommandError.system("replace", path) }
    }
}
