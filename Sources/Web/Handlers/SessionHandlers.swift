import AuthorizationServer
import Hummingbird

/// Handlers of the endpoints with which MCP servers revoke their own sessions and require a fresh sign-in.
struct SessionHandlers: Sendable {
    let gatehouse: Gatehouse

    /// `DELETE /sessions/{sid}`: revokes a session and returns 204.
    func end(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await gatehouse.session.end(context.parameter("sid"), authorization: request.authorization)
        return .done
    }

    /// `POST /sessions/{sid}/require`: has the next approval of the session's user and client ask for a fresh sign-in.
    func require(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(
            try await gatehouse.signInDemand.require(
                body, of: context.parameter("sid"), authorization: request.authorization))
    }
}
