package import HTTPTypes
package import Hummingbird

/// The endpoints that scripts of any origin may use, because they need no cookie, and the methods of each.
///
/// The answer is `*` without credentials: what a script can reach here, any other program can reach as well.
///
/// Spec: Fetch §3.3
package struct OpenPaths: Sendable {
    fileprivate let methods: [String: String]

    package init(_ paths: [String: [HTTPRequest.Method]]) {
        methods = paths.mapValues { $0.map(\.rawValue).joined(separator: ", ") }
    }
}

/// Lets scripts read the answers of the open paths, errors included.
package struct CrossOrigin: RouterMiddleware {
    package typealias Context = WebContext

    private let paths: OpenPaths

    package init(_ paths: OpenPaths) {
        self.paths = paths
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if request.headers.contains(.origin), paths.methods[request.uri.path] != nil {
            response.headers[.accessControlAllowOrigin] = "*"
            response.headers[.accessControlExposeHeaders] = "WWW-Authenticate"
        }
        return response
    }
}

/// Answers the question that a browser asks before it lets a script send what no form could.
package struct Preflight: RouterMiddleware {
    package typealias Context = WebContext

    private let paths: OpenPaths

    package init(_ paths: OpenPaths) {
        self.paths = paths
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, request.headers.contains(.origin),
            request.headers.contains(.accessControlRequestMethod), let methods = paths.methods[request.uri.path]
        else { return try await next(request, context) }
        context.coreContext.endpointPath.value = request.uri.path
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: methods,
                .accessControlAllowHeaders: "MCP-Protocol-Version, Authorization, Content-Type",
                .accessControlMaxAge: "7200",
            ])
    }
}
