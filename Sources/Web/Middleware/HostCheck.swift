import HTTPTypes
package import Hummingbird

/// Lets only requests through that name the issuer's host, so that no address is ever made from what a client sent.
///
/// Spec: RFC 9112 §3.2
package struct HostCheck: RouterMiddleware {
    package typealias Context = WebContext

    private let accepted: Set<String>

    /// Accepts the issuer's host with its port, and without it where the scheme implies it.
    package init(host: String, port: Int, isHTTPS: Bool) {
        let host = host.lowercased()
        let isDefault = port == (isHTTPS ? 443 : 80)
        accepted = isDefault ? [host, "\(host):\(port)"] : ["\(host):\(port)"]
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // The first Host arrives as the authority; what is left in the fields is a second one.
        guard let authority = request.head.authority, !request.headers.contains(FieldNames.host) else {
            throw Refusal.malformedTarget
        }
        guard accepted.contains(authority) || accepted.contains(authority.lowercased()) else {
            throw Refusal.foreignHost
        }
        return try await next(request, context)
    }
}
