import AuthorizationServer
import Hummingbird
import JOSE
import OAuth

/// Handlers of the event endpoints for MCP servers.
///
/// Each authenticates the MCP server before it parses the body.
struct EventHandlers: Sendable {
    let gatehouse: Gatehouse

    func poll(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        return .json(
            try await gatehouse.eventPoll.answer(Self.object(body), for: resource, whenGone: context.whenDisconnected))
    }

    func verify(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        try await gatehouse.eventVerify.answer(Self.object(body), for: resource)
        return .done
    }

    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        return .json(try await gatehouse.eventStatus.answer(for: resource))
    }

    private static func object(_ bytes: [UInt8]) throws -> JSONObject {
        do {
            return try JSONObject(parsing: bytes)
        } catch {
            throw OAuthError(.invalidRequest, "Send a JSON object.", reason: "\(error)")
        }
    }
}
