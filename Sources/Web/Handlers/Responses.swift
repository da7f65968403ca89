import HTTPTypes
import Hummingbird
import JOSE
import NIOCore

extension Response {
    /// A JSON response that no cache may store.
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// The empty response for a request that has succeeded.
    static var done: Response { Response(status: .noContent, headers: [.cacheControl: "no-store"]) }

    /// A redirect after which the browser sends GET, so that it does not repeat a form at the target.
    ///
    /// Spec: OAuth 2.1 §7.12.2
    static func seeOther(_ location: String) -> Response {
        Response(status: .seeOther, headers: [.location: location, .cacheControl: "no-store"])
    }
}

extension Request {
    /// The value of the Authorization header.
    var authorization: String? { headers[.authorization] }
}
