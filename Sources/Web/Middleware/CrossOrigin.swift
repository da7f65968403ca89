import HTTPTypes
package import Hummingbird

/// Lets scripts of any origin read the answers, errors included, of the doors that are open to them.
///
/// The answer is `*` without credentials: what a script can reach there, any other program can reach as well.
///
/// Spec: Fetch §3.3
package struct CrossOrigin: RouterMiddleware {
    package typealias Context = WebContext

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if request.headers.contains(.origin), context.audience?.isOpenToScripts ?? false {
            response.headers[.accessControlAllowOrigin] = "*"
            response.headers[.accessControlExposeHeaders] = "WWW-Authenticate"
        }
        return response
    }
}

/// Answers the question that a browser asks before it lets a script send what no form could.
package struct Preflight: RouterMiddleware {
    package typealias Context = WebContext

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, request.headers.contains(.origin),
            request.headers.contains(.accessControlRequestMethod), let place = context.found?.place,
            place.audience.isOpenToScripts
        else { return try await next(request, context) }
        context.coreContext.endpointPath.value = place.template
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: place.methods.joined(separator: ", "),
                .accessControlAllowHeaders: "MCP-Protocol-Version, Authorization, Content-Type",
                .accessControlMaxAge: "7200",
            ])
    }
}
