import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// The endpoints of the protocol that programs post forms to: token, revocation, introspection.
struct TokenHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: RequestPipeline

    func token(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        let response = try await gatehouse.token.answer(
            form, authorization: request.authorization, onBackChannel: door.isOnBackChannel(request))
        return .json(response.json)
    }

    func introspect(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        return .json(try gatehouse.introspection.answer(form, authorization: request.authorization).json)
    }

    func revoke(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        try await gatehouse.revocation.answer(form, authorization: request.authorization)
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// Parameters in two places would be another request than was sent.
    private static func form(_ request: Request, _ body: [UInt8]) throws -> OAuth.Parameters {
        guard request.uri.query == nil else {
            throw OAuthError(.invalidRequest, "Send all parameters in the body and none in the URL.")
        }
        return try OAuth.Parameters(form: body)
    }
}
