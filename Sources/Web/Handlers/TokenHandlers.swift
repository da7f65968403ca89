import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the token, revocation and introspection endpoints.
struct TokenHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `POST /token`: issues tokens. On the back channel it serves only token exchange.
    func token(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        return try await gatehouse.offeringNonce(to: request) {
            let response = try await gatehouse.token.answer(
                form, authorization: request.authorization, proofs: request.proofs,
                onBackChannel: pipeline.isOnBackChannel(request))
            return .json(response.json)
        }
    }

    /// `POST /introspect`: the state of a token, for the MCP server that it is for. It reads on the event loop and never waits, unless
    /// the MCP server authenticates by an assertion.
    func introspect(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        if form.names(.clientAssertion) {
            let answer = try await gatehouse.introspection.answer(asserting: form, authorization: request.authorization)
            return .json(answer.json)
        }
        return .json(try gatehouse.introspection.answer(form, authorization: request.authorization).json)
    }

    /// `POST /revoke`: ends the session of a token. An unknown token gets 200 as well (RFC 7009 §2.2).
    func revoke(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try Self.form(request, body)
        try await gatehouse.revocation.answer(form, authorization: request.authorization)
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// The parameters of the body. Parameters in the URL are refused, because merging both would change the request.
    static func form(_ request: Request, _ body: [UInt8]) throws -> OAuth.Parameters {
        guard request.uri.query == nil else {
            throw OAuthError(.invalidRequest, "Send all parameters in the body and none in the URL.")
        }
        return try OAuth.Parameters(form: body)
    }
}
