package import Hummingbird

/// Answers requests by a table of routes: finds the route, runs the checks in order, reads the body by the rule of the
/// route, and calls the handler.
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
        context.match = table.find(request.uri.path, request.method)
        context.coreContext.endpointPath.value = context.match?.path.template
        let response = try await chain(request, context)
        // This holds for errors too: a client would take bytes after the head for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static let serve: Step = { request, context in
        guard let match = context.match else { throw Refusal.unknownPath }
        guard let route = match.route else { throw Refusal.wrongMethod(allowed: match.path.methods) }
        return try await route.handler(request, context, try await route.body.read(request, context))
    }
}
