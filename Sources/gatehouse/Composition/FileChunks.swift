import Foundation

/// A file in pieces for somebody who reads slowly; it loses its name at once and is gone when the reading ends.
struct FileChunks {
    private let handle: FileHandle

    init(_ path: String) throws {
        handle = try FileHandle(forReadingFrom: URL(filePath: path))
        try FileManager.default.removeItem(atPath: path)
    }

    /// The pieces, each read when it is asked for.
    var pieces: AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { [handle] in
            guard let data = try handle.read(upToCount: 256 * 1024), !data.isEmpty else { return nil }
            return [UInt8](data)
        }
    }
}
