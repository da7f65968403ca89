import HTTPTypes
package import Hummingbird

/// Refuses forms that another site sends in a person's name, before a token or a cookie is looked at.
///
/// Browsers that name the site of origin are believed, and a foreign `Origin` is refused whatever else is right. `null` proves
/// nothing: extensions and privacy settings make it of our own pages' origin, sandboxed frames of any. It passes where no newer
/// sign speaks against it, and the form is then as good as its token and the cookie, which no other site has.
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
        let sites = headers[values: FieldNames.fetchSite]
        guard sites.isEmpty || sites == ["same-origin"] else { return false }
        let origins = headers[values: .origin]
        return origins.isEmpty || origins == [origin] || origins == ["null"]
    }
}
