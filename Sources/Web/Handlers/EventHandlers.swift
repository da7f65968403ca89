import AuthorizationServer
import Hummingbird
import JOSE
import OAuth

/// The doors through which MCP servers take their events and prove their endpoints.
///
/// Who asks is known before what is asked is looked at.
struct EventHandlers: Sendable {
    let gatehouse: Gatehouse

    func poll(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let resource = try await gatehouse.resourceAuthentication.identify(request.authorization)
        return .json(
            try await gatehouse.eventPoll.answer(Self.object(body), for: resource, whenGone: context.whenGone))
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
