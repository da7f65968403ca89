import HTTPTypes
package import Hummingbird

/// Lets scripts of any origin read the answers, errors included, of the doors that are open to them.
///
/// The answer is `*` without credentials: what a script can reach there, any other program can reach as well. It is
/// given with and without `Origin`, since a cache in front may keep the one answer for both.
///
/// Spec: Fetch §3.3
package struct CrossOrigin: RouterMiddleware {
    package typealias Context = WebContext

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if context.audience?.isOpenToScripts ?? false {
            response.headers[.accessControlAllowOrigin] = "*"
            response.headers[.accessControlExposeHeaders] = "WWW-Authenticate"
        }
        return response
    }
}

/// Answers the question that a browser asks before it lets a script send what no form could: any header may be sent.
package struct Preflight: RouterMiddleware {
    package typealias Context = WebContext

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, let place = context.found?.place, place.audience.isOpenToScripts else {
            return try await next(request, context)
        }
        return Response(
            status: .noContent,
            headers: [
                .allow: place.methods, .accessControlAllowMethods: place.methods,
                .accessControlAllowHeaders: Self.headers(asked: request.headers[values: .accessControlRequestHeaders]),
                .accessControlMaxAge: "7200",
            ])
    }

    /// What clients of this protocol send, and whatever else was asked for. Named one by one, because `*` does not
    /// stand for Authorization, and for nothing at all in older browsers.
    private static func headers(asked fields: [String]) -> String {
        var names = ["MCP-Protocol-Version", "Authorization", "Content-Type"]
        for text in fields.flatMap({ $0.split(separator: ",") }) {
            let isBlank = { (character: Character) in character == " " || character == "\t" }
            var name = text.drop(while: isBlank)
            while let last = name.last, isBlank(last) { name.removeLast() }
            // A name that is no token is none that a browser could send.
            guard HTTPField.Name(String(name)) != nil,
                !names.contains(where: { $0.lowercased() == name.lowercased() })
            else { continue }
            names.append(String(name))
        }
        return names.joined(separator: ", ")
    }
}
