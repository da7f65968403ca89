import HTTPTypes
package import Hummingbird

/// Sets the headers on every answer that keep it out of frames, caches, referrers and foreign scripts.
package struct SecurityHeaders: RouterMiddleware {
    package typealias Context = WebContext

    /// Pages load only the stylesheet, run no script, and submit forms only to Gatehouse.
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
        // Pages with forms set `same-origin`: under `no-referrer` browsers submit forms with `Origin: null`.
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

    /// A web client that opens the authorization with `window.open` waits for that window to return. The header would break
    /// the connection between the two windows for good.
    private static func sharesWindow(_ response: Response, _ context: WebContext) -> Bool {
        switch context.match?.route?.window {
        case .shared: response.headers[FieldNames.openerPolicy] == nil
        case .told: response.headers[FieldNames.openerPolicy] == Response.shared
        case .own, nil: false
        }
    }
}

extension Response {
    fileprivate static let shared = "unsafe-none"

    /// The response for a page of an authorization, whose window keeps its connection to its opener.
    func inSharedWindow() -> Response { with(Self.shared) }

    /// The response for a page that shows no authorization, whose window is isolated from its opener.
    func inOwnWindow() -> Response { with("same-origin") }

    private func with(_ policy: String) -> Response {
        var response = self
        response.headers[FieldNames.openerPolicy] = policy
        return response
    }
}
