import HTTPTypes
import Hummingbird

/// Refuses malformed HTTP messages before any other check.
///
/// The only supported transfer coding is `chunked`. With another one, client and server could disagree about the end of the
/// message, which enables request smuggling.
///
/// Spec: RFC 9112 §6.1
struct MessageForm: RouterMiddleware {
    typealias Context = WebContext

    /// A placeholder for a message whose head the decoder cannot parse. Its transfer coding makes this check refuse it.
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
