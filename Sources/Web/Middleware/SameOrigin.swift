import HTTPTypes
package import Hummingbird

/// Refuses forms that another site submits in the user's browser, before a handler reads token or cookie.
///
/// `Sec-Fetch-Site` other than `same-origin` is refused, and so is a foreign `Origin`. `Origin: null` proves nothing: browser
/// extensions and privacy settings send it from our own pages, and sandboxed frames send it from any page. It passes if
/// `Sec-Fetch-Site` does not object. Token and cookie, which no other site has, then protect the form.
package struct SameOrigin: RouterMiddleware {
    package typealias Context = WebContext

    private let origin: String

    /// Admits forms of this origin only, which is the issuer's.
    package init(origin: String) {
        self.origin = origin
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        if context.match?.route?.audience.demandsOwnOrigin ?? false, !isOwn(request.headers) {
            throw Refusal.crossSite
        }
        return try await next(request, context)
    }

    /// A request with neither header does not come from a current browser. Its token must still be valid.
    private func isOwn(_ headers: HTTPFields) -> Bool {
        let sites = headers[values: FieldNames.fetchSite]
        guard sites.isEmpty || sites == ["same-origin"] else { return false }
        let origins = headers[values: .origin]
        return origins.isEmpty || origins == [origin] || origins == ["null"]
    }
}
