import HTTPTypes
package import Hummingbird

/// Lets only requests through that name the issuer's host, so that no address is ever made from what a client sent.
///
/// Spec: RFC 9112 §3.2
package struct HostCheck: RouterMiddleware {
    package typealias Context = WebContext

    private let accepted: [[UInt8]]

    /// Accepts the issuer's host with its port, and without it where the scheme implies it.
    package init(host: String, port: Int, isHTTPS: Bool) {
        let host = host.lowercased()
        let isDefault = port == (isHTTPS ? 443 : 80)
        accepted = (isDefault ? [host, "\(host):\(port)"] : ["\(host):\(port)"]).map { Array($0.utf8) }
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // The first Host arrives as the authority; what is left in the fields is a second one.
        guard let authority = request.head.authority, !request.headers.contains(FieldNames.host) else {
            throw Refusal.malformedTarget
        }
        guard accepts(authority) else { throw Refusal.foreignHost }
        return try await next(request, context)
    }

    /// Whether a Host field names the issuer, in upper or lower case.
    ///
    /// Byte by byte: Swift's own texts make a k of U+212A.
    package func accepts(_ authority: String) -> Bool {
        accepted.contains { host in
            host.count == authority.utf8.count && zip(host, authority.utf8).allSatisfy { $0 == Self.lowercased($1) }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
