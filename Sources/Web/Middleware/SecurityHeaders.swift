import HTTPTypes
package import Hummingbird

/// Puts the headers on every answer that keep it out of frames, caches, referrers and foreign scripts.
package struct SecurityHeaders: RouterMiddleware {
    package typealias Context = WebContext

    /// Nothing is loaded but the stylesheet, nothing is run, and forms go to Gatehouse alone.
    package static let policy =
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

    private let isHTTPS: Bool

    package init(isHTTPS: Bool) {
        self.isHTTPS = isHTTPS
    }

    package func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[FieldNames.referrerPolicy] = "no-referrer"
        if isHTTPS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-store" }
        if response.headers[.contentType]?.hasPrefix("text/html") ?? false {
            response.headers[.contentSecurityPolicy] = Self.policy
            response.headers[FieldNames.frameOptions] = "DENY"
            response.headers[FieldNames.openerPolicy] = "same-origin"
            response.headers[FieldNames.resourcePolicy] = "same-origin"
        }
        return response
    }
}
