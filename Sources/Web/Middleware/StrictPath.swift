package import Hummingbird

/// Refuses every spelling of a path but one, such as `//token` and `/token/`.
///
/// A proxy may grant or deny access by path. If proxy and server read one path differently, a client evades the proxy's rule.
package struct StrictPath: RouterMiddleware {
    package typealias Context = WebContext

    /// The maximum length of a target in bytes: enough for any authorization request, and a bound on the memory of one request.
    package static let maximumTargetLength = 16 * 1024

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let target = request.head.path ?? ""
        guard target.utf8.count <= Self.maximumTargetLength else { throw Refusal.targetTooLong }
        guard Self.isCanonical(target.utf8) else { throw Refusal.unknownPath }
        return try await next(request, context)
    }

    /// Whether each segment consists of unreserved characters and is neither empty nor a dot segment. The root path passes.
    static func isCanonical(_ target: String.UTF8View) -> Bool {
        let path = target.prefix { $0 != UInt8(ascii: "?") }
        guard path.first == UInt8(ascii: "/") else { return false }
        guard path.count > 1 else { return true }
        for segment in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !segment.isEmpty, segment.allSatisfy(isUnreserved) else { return false }
            guard !segment.elementsEqual(".".utf8), !segment.elementsEqual("..".utf8) else { return false }
        }
        return true
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
