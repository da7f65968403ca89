import HTTPTypes
import Hummingbird
import NIOCore

/// What goes back over the admin socket: JSON at once, or bytes as they come, as of a backup.
package struct AdministrationReply: Sendable {
    let response: Response

    /// A JSON document; `refused` marks one that says why nothing was done.
    package static func json(_ bytes: [UInt8], refused: Bool = false) -> AdministrationReply {
        AdministrationReply(
            response: Response(
                status: refused ? .unprocessableContent : .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))))
    }

    /// Bytes in pieces; an error in the middle cuts the connection, so that the other side sees that they are not whole.
    package static func stream(_ pieces: AsyncThrowingStream<[UInt8], any Error>) -> AdministrationReply {
        AdministrationReply(
            response: Response(
                status: .ok, headers: [.contentType: "application/octet-stream"],
                body: ResponseBody { writer in
                    for try await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                    try await writer.finish(nil)
                }))
    }
}
