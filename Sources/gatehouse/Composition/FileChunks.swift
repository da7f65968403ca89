import Foundation

/// A file as a stream of chunks. The file is unlinked at once, so that it is gone when the stream ends, however it ends.
struct FileChunks {
    private let handle: FileHandle

    init(_ path: String) throws {
        handle = try FileHandle(forReadingFrom: URL(filePath: path))
        try FileManager.default.removeItem(atPath: path)
    }

    /// The chunks, each read on demand, so that a slow reader holds one chunk in memory.
    var pieces: AsyncThrowingStream<[UInt8], any Error> {
        AsyncThrowingStream { [handle] in
            guard let data = try handle.read(upToCount: 256 * 1024), !data.isEmpty else { return nil }
            return [UInt8](data)
        }
    }
}
