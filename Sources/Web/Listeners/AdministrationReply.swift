import HTTPTypes
import Hummingbird
import NIOCore

/// The reply to a command over the admin socket: a JSON document, or a stream of bytes such as a backup.
package struct AdministrationReply: Sendable {
    let response: Response

    /// A JSON document; `refused` means that the document explains why the server refused the command.
    package static func json(_ bytes: [UInt8], refused: Bool = false) -> AdministrationReply {
        AdministrationReply(
            response: Response(
                status: refused ? .unprocessableContent : .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))))
    }

    /// A stream of bytes. An error in the middle closes the connection, so that the peer detects the incomplete stream.
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
