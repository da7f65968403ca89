package import Hummingbird

/// Answers requests by a table of routes: looks the door up once, runs the checks in their order, reads the body as the
/// door demands, and calls the handler.
package struct RouteResponder: HTTPResponder, HTTPResponderBuilder {
    package typealias Context = WebContext
    typealias Check = any MiddlewareProtocol<Request, Response, WebContext>
    private typealias Step = @Sendable (Request, WebContext) async throws -> Response

    private let table: RouteTable
    private let chain: Step

    init(_ routes: [Route], checks: [Check]) {
        table = RouteTable(routes)
        chain = checks.reversed().reduce(Self.serve) { next, check in
            { request, context in try await check.handle(request, context: context, next: next) }
        }
    }

    package func buildResponder() -> RouteResponder { self }

    package func respond(to request: Request, context: WebContext) async throws -> Response {
        var context = context
        context.found = table.find(request.uri.path, request.method)
        context.coreContext.endpointPath.value = context.found?.place.template
        let response = try await chain(request, context)
        // Errors as well: whatever followed the head would be taken for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static let serve: Step = { request, context in
        guard let found = context.found else { throw Refusal.unknownPath }
        guard let route = found.route else { throw Refusal.wrongMethod(allowed: found.place.methods) }
        return try await route.handler(request, context, try await route.body.read(request, context))
    }
}
