import HTTPTypes
import Hummingbird

/// Admits requests with this server's own Host and, if present, its own Origin.
///
/// Prevents DNS rebinding: a page whose name resolves to this machine reaches the port, but cannot forge the two fields.
///
/// Spec: MCP 2025-11-25 §Security Warning
struct RebindingGuard<Context: RequestContext>: RouterMiddleware {
    let host: String
    let origin: String
    let metadataPath: String

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.head.authority?.lowercased() == host else {
            return MCPEndpoint.plain(.misdirectedRequest, "This server accepts the Host \(host) only.")
        }
        // The metadata is public, for clients that run in a page too.
        let origins = request.headers[values: .origin]
        guard origins.allSatisfy({ $0 == origin }) || request.uri.path == metadataPath else {
            return MCPEndpoint.plain(.forbidden, "This server accepts no requests from pages of other origins.")
        }
        return try await next(request, context)
    }
}
