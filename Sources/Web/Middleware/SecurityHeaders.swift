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
        // Pages with forms say otherwise: with no-referrer browsers send them with `Origin: null`.
        if !response.headers.contains(FieldNames.referrerPolicy) {
            response.headers[FieldNames.referrerPolicy] = "no-referrer"
        }
        if isHTTPS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-store" }
        if response.headers[.contentType]?.hasPrefix("text/html") ?? false {
            response.headers[.contentSecurityPolicy] = Self.policy
            response.headers[FieldNames.frameOptions] = "DENY"
            response.headers[FieldNames.openerPolicy] = Self.sharesWindow(response, context) ? nil : "same-origin"
            response.headers[FieldNames.resourcePolicy] = "same-origin"
        }
        return response
    }

    /// A web client that opened the authorization by `window.open` waits for that window to come back, and the header would
    /// cut the two apart for good.
    private static func sharesWindow(_ response: Response, _ context: WebContext) -> Bool {
        switch context.found?.route?.window {
        case .shared: response.headers[FieldNames.openerPolicy] == nil
        case .told: response.headers[FieldNames.openerPolicy] == Response.shared
        case .own, nil: false
        }
    }
}

extension Response {
    fileprivate static let shared = "unsafe-none"

    /// The page belongs to an authorization: its window stays in touch with the one that opened it.
    func inSharedWindow() -> Response { with(Self.shared) }

    /// The page belongs to no authorization that this browser may see: its window is alone with itself.
    func inOwnWindow() -> Response { with("same-origin") }

    private func with(_ policy: String) -> Response {
        var response = self
        response.headers[FieldNames.openerPolicy] = policy
        return response
    }
}
