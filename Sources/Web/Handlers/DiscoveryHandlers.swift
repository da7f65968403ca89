import AuthorizationServer
import HTTPTypes
import Hummingbird
import NIOCore
import OAuth

/// Handlers of the metadata documents, at every address that clients try, and of the public keys.
struct DiscoveryHandlers: Sendable {
    let gatehouse: Gatehouse

    /// The authorization server metadata (RFC 8414).
    func metadata(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        Self.answer(try await gatehouse.metadata.document(), to: request)
    }

    /// `GET /jwks`: the public keys that are in use now.
    func keys(_ request: Request, _ context: WebContext, _ body: [UInt8]) -> Response {
        Self.answer(gatehouse.metadata.keySet(at: gatehouse.clock.now()), to: request)
    }

    /// A cacheable response, or 304 if `If-None-Match` names its entity tag.
    private static func answer(_ document: MetadataEndpoint.Document, to request: Request) -> Response {
        let headers: HTTPFields = [.cacheControl: "public, max-age=300", .eTag: document.entityTag]
        let known = request.headers[.ifNoneMatch]?.split(separator: ",").map { $0.drop { $0 == " " } } ?? []
        guard !known.contains(where: { $0 == document.entityTag || $0 == "*" }) else {
            return Response(status: .notModified, headers: headers)
        }
        var response = Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
        response.headers[.contentType] = "application/json"
        return response
    }
}
