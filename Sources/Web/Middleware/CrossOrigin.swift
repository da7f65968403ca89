import HTTPTypes
package import Hummingbird

/// Lets scripts of any origin read the answers, including errors, of routes that are open to scripts.
///
/// The value is `*` without credentials, so that a script reads nothing that another program could not read. The header is
/// set with and without `Origin`, because a cache may store one answer for both.
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
            response.headers[.accessControlExposeHeaders] = "WWW-Authenticate, Retry-After, DPoP-Nonce"
        }
        return response
    }
}

/// Answers the preflight request of a browser, and allows any header.
package struct Preflight: RouterMiddleware {
    package typealias Context = WebContext

    package init() {}

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, let path = context.match?.path, path.audience.isOpenToScripts else {
            return try await next(request, context)
        }
        return Response(
            status: .noContent,
            headers: [
                .allow: path.methods, .accessControlAllowMethods: path.methods,
                .accessControlAllowHeaders: Self.headers(asked: request.headers[values: .accessControlRequestHeaders]),
                .accessControlMaxAge: "7200",
            ])
    }

    /// The headers of MCP clients and all headers that the browser names. Each is listed, because `*` does not cover
    /// Authorization, and older browsers do not know it.
    private static func headers(asked fields: [String]) -> String {
        var names = ["MCP-Protocol-Version", "Authorization", "Content-Type", "DPoP"]
        for text in fields.flatMap({ $0.split(separator: ",") }) {
            let isBlank = { (character: Character) in character == " " || character == "\t" }
            var name = text.drop(while: isBlank)
            while let last = name.last, isBlank(last) { name.removeLast() }
            // No browser sends a name that is not a token.
            guard HTTPField.Name(String(name)) != nil,
                !names.contains(where: { $0.lowercased() == name.lowercased() })
            else { continue }
            names.append(String(name))
        }
        return names.joined(separator: ", ")
    }
}
