import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the token, revocation and introspection endpoints.
struct TokenHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    func token(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        let response = try await gatehouse.token.answer(
            form, authorization: request.authorization, onBackChannel: pipeline.isOnBackChannel(request))
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

    /// The parameters of the body. Parameters in the URL are refused, because merging both would change the request.
    private static func form(_ request: Request, _ body: [UInt8]) throws -> OAuth.Parameters {
        guard request.uri.query == nil else {
            throw OAuthError(.invalidRequest, "Send all parameters in the body and none in the URL.")
        }
        return try OAuth.Parameters(form: body)
    }
}
