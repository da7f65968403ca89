package import Hummingbird

/// Serves a path in its one spelling only: the router alone would also match `//token`, `/token/` and more.
///
/// A proxy in front may decide by the path that it reads; two readings of one path are how such decisions are evaded.
package struct StrictPath: RouterMiddleware {
    package typealias Context = WebContext

    /// Long enough for any authorization request, short enough to bound what a stranger can make the server hold.
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

    /// Segments of unreserved characters, none empty, none of dots alone; the root itself is allowed.
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
