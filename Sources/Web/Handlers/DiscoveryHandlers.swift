import AuthorizationServer
import HTTPTypes
import Hummingbird
import NIOCore
import OAuth

/// What this server says about itself: metadata at every address that clients try, and its public keys.
struct DiscoveryHandlers: Sendable {
    let gatehouse: Gatehouse

    func add(to router: Router<WebContext>) {
        let issuer = gatehouse.settings.issuer
        for path in AuthorizationServerMetadata.paths(for: issuer) {
            router.get(RouterPath(path)) { [metadata = gatehouse.metadata.metadata] request, _ in
                Self.answer(metadata, to: request)
            }
        }
        router.get(RouterPath(issuer.path + "/jwks")) { [gatehouse] request, _ in
            Self.answer(gatehouse.metadata.keySet(at: gatehouse.clock.now()), to: request)
        }
    }

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
