import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import NIOCore
import OAuth

/// The endpoints that programs call: token, revocation, introspection.
struct TokenHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func add(to router: RouterGroup<WebContext>) {
        router.post("/token") { request, context in
            try await answer(request, context) {
                Self.json(try await gatehouse.token.answer($0, authorization: $1).json)
            }
        }
        router.post("/introspect") { request, context in
            try await answer(request, context) {
                Self.json(try gatehouse.introspection.answer($0, authorization: $1).json)
            }
        }
        router.post("/revoke") { request, context in
            try await answer(request, context) {
                try await gatehouse.revocation.answer($0, authorization: $1)
                return Response(status: .ok, headers: [.cacheControl: "no-store"])
            }
        }
    }

    /// Parses the form once, and answers every refusal in the protocol's JSON, whatever the caller would accept.
    private func answer(
        _ request: Request, _ context: WebContext,
        _ body: (OAuth.Parameters, String?) async throws -> Response
    ) async throws -> Response {
        let authorization = request.headers[.authorization]
        do {
            guard request.uri.query == nil else {
                throw OAuthError(.invalidRequest, "Send all parameters in the body and none in the URL.")
            }
            return try await body(try OAuth.Parameters(form: try await request.formBytes()), authorization)
        } catch let error as OAuthError {
            door.answers.note(error, context)
            return door.answers.json(error, usedBasic: authorization?.lowercased().hasPrefix("basic ") ?? false)
        }
    }

    private static func json(_ json: JSON) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
