import AuthorizationServer
import Hummingbird
import JOSE
import OAuth

/// Handlers of the event endpoints for MCP servers.
///
/// Each authenticates the MCP server before it parses the body.
struct EventHandlers: Sendable {
    let gatehouse: Gatehouse

    /// `POST /events/poll`: returns and acknowledges events (RFC 8936), and may wait for the next one.
    func poll(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        return .json(
            try await gatehouse.eventPoll.answer(
                Self.object(body), for: resource, onDisconnect: context.whenDisconnected))
    }

    /// `POST /events/verify`: confirms the state of a verification event, which proves the MCP server's endpoint; or sends such an
    /// event, for an empty body.
    func verify(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        let members = try body.isEmpty ? JSONObject() : Self.object(body)
        if members.isEmpty {
            try await gatehouse.eventVerify.request(for: resource)
        } else {
            try await gatehouse.eventVerify.answer(members, for: resource)
        }
        return .done
    }

    /// `GET /events/status`: whether the events of the MCP server arrive.
    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        return .json(try await gatehouse.eventStatus.answer(for: resource))
    }

    /// The JSON object of a body; duplicate members and other malformed JSON are refused.
    private static func object(_ bytes: [UInt8]) throws -> JSONObject {
        do {
            return try JSONObject(parsing: bytes)
        } catch {
            throw OAuthError(.invalidRequest, "Send a JSON object.", reason: "\(error)")
        }
    }
}
