import AuthorizationServer
import Hummingbird

/// Handler of the endpoint with which MCP servers revoke their own sessions.
struct SessionHandlers: Sendable {
    let gatehouse: Gatehouse

    /// `DELETE /sessions/{sid}`: revokes a session and returns 204.
    func end(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await gatehouse.session.end(context.parameter("sid"), authorization: request.authorization)
        return .done
    }
}
