import HTTPTypes
import Hummingbird

/// Lets through only what was addressed to this server by its own name, from no foreign page.
///
/// A page whose name was re-bound to this machine's address reaches the port, but cannot forge these two fields.
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
            return MCPEndpoint.plain(.misdirectedRequest, "This server answers to \(host) only.")
        }
        // The metadata is for everybody, clients that live in a page included.
        let origins = request.headers[values: .origin]
        guard origins.allSatisfy({ $0 == origin }) || request.uri.path == metadataPath else {
            return MCPEndpoint.plain(.forbidden, "Pages of other origins may not call this server.")
        }
        return try await next(request, context)
    }
}
