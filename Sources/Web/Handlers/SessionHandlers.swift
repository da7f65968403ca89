import AuthorizationServer
import Hummingbird

/// The door through which MCP servers end sessions of their own.
struct SessionHandlers: Sendable {
    let gatehouse: Gatehouse

    func end(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await gatehouse.session.end(context.parameter("sid"), authorization: request.authorization)
        return .done
    }
}
