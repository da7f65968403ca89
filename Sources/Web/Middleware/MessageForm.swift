import HTTPTypes
import Hummingbird

/// Refuses what is no readable HTTP message before anything is done for it.
///
/// Only `chunked` is known here as a transfer coding; by another one nobody could tell where the message ends.
///
/// Spec: RFC 9112 §6.1
struct MessageForm: RouterMiddleware {
    typealias Context = WebContext

    /// What stands for a message of which not even the head could be read.
    static let unreadable = HTTPRequest(
        method: .get, scheme: "http", authority: nil, path: "/",
        headerFields: [.transferEncoding: "unreadable", .connection: "close"])

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let codings = request.headers[values: .transferEncoding]
        guard codings.isEmpty || codings.count == 1 && codings[0].lowercased() == "chunked" else {
            throw Refusal.malformedMessage
        }
        return try await next(request, context)
    }
}
