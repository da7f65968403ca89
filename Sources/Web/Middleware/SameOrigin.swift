import HTTPTypes
package import Hummingbird

/// Refuses forms that another site sends in a person's name, before a token or a cookie is looked at.
///
/// Browsers that name the site of origin are believed. `Origin` alone is the older sign; it reads `null` on our own
/// forms, since the pages send no referrer, so `null` without the newer sign proves nothing and is refused.
package struct SameOrigin: RouterMiddleware {
    package typealias Context = WebContext

    private let origin: String

    /// Guards the forms against any other origin than the issuer's.
    package init(origin: String) {
        self.origin = origin
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        if context.found?.route?.audience.demandsOwnOrigin ?? false, !isOwn(request.headers) {
            throw Refusal.crossSite
        }
        return try await next(request, context)
    }

    /// A request with neither sign comes from no browser of today; its form's token still has to be right.
    private func isOwn(_ headers: HTTPFields) -> Bool {
        if headers.contains(FieldNames.fetchSite) {
            return headers[values: FieldNames.fetchSite] == ["same-origin"]
        }
        let origins = headers[values: .origin]
        return origins.isEmpty || origins == [origin]
    }
}
