import HTTPTypes
import Hummingbird
import JOSE
import NIOCore

extension Response {
    /// An answer for programs that nobody may keep.
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// Done, and there is nothing to say.
    static var done: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }
}

extension Request {
    /// The credentials as they were sent.
    var authorization: String? { headers[.authorization] }
}
