package import HTTPTypes
package import Hummingbird

/// One entry of the table of routes: method, path template, audience, body rule and handler.
///
/// Only the function of an audience makes a route, so that no route can omit what its audience demands: a form without an
/// Origin check cannot be written.
package struct Route: Sendable {
    /// Answers a request whose host, path, sender and body have passed their checks.
    package typealias Handler = @Sendable (Request, WebContext, _ body: [UInt8]) async throws -> Response

    package let method: HTTPRequest.Method
    /// The path with a name in braces for each variable segment, such as `/sessions/{sid}`.
    package private(set) var template: String
    package let audience: Audience
    package let body: BodyRule
    package let window: Window
    /// Whether the hosts of the back channel serve this route.
    package private(set) var isOnBackChannel: Bool
    /// Whether HEAD runs the handler of GET.
    package private(set) var answersHead: Bool
    let handler: Handler

    /// Whether the window that shows a page keeps its connection to the window that opened it (`Cross-Origin-Opener-Policy`).
    package enum Window: Sendable, Hashable {
        /// The page is isolated from its opener.
        case own
        /// The page belongs to an authorization, which a web client may have opened with `window.open`. The handler isolates
        /// a page that belongs to no authorization.
        case shared
        /// The handler decides: it shares the window if the sign-in belongs to an authorization.
        case told
    }

    private init(
        _ audience: Audience, _ method: HTTPRequest.Method, _ template: String, _ body: BodyRule,
        _ window: Window, _ handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.audience = audience
        self.body = body
        self.window = window
        isOnBackChannel = audience.isOnBackChannel
        answersHead = method == .get && audience.answersHead
        self.handler = handler
    }

    /// A public document, which caches and scripts of any origin may read.
    package static func document(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.document, .get, template, .none, .own, handler)
    }

    /// An endpoint that clients post to.
    package static func client(_ template: String, _ body: BodyRule, _ handler: @escaping Handler) -> Route {
        Route(.client, .post, template, body, .own, handler)
    }

    /// An endpoint that clients call by another method than POST.
    package static func client(
        _ method: HTTPRequest.Method, _ template: String, _ body: BodyRule, _ handler: @escaping Handler
    ) -> Route {
        Route(.client, method, template, body, .own, handler)
    }

    /// An endpoint that MCP servers call.
    package static func server(
        _ method: HTTPRequest.Method, _ template: String, _ body: BodyRule, _ handler: @escaping Handler
    ) -> Route {
        Route(.server, method, template, body, .own, handler)
    }

    /// A page that a browser opens.
    package static func page(_ template: String, window: Window = .own, _ handler: @escaping Handler) -> Route {
        Route(.page, .get, template, .none, window, handler)
    }

    /// The authorization request as a form: the only form that a client's site may submit.
    ///
    /// Submitting it decides nothing. Gatehouse shows the request to the user, whose own form decides.
    package static func authorizationForm(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.page, .post, template, .form(), .shared, handler)
    }

    /// A form of a page of this server, which no other site can submit.
    package static func form(_ template: String, window: Window = .own, _ handler: @escaping Handler) -> Route {
        Route(.form, .post, template, .form(), window, handler)
    }

    /// A document for operators and their probes.
    package static func operations(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.operations, .get, template, .none, .own, handler)
    }

    /// A command of the command line.
    package static func admin(_ template: String, _ body: BodyRule, _ handler: @escaping Handler) -> Route {
        Route(.admin, .post, template, body, .own, handler)
    }

    /// The same route, served on the hosts of the back channel as well or, with false, only at the issuer.
    func onBackChannel(_ isServed: Bool = true) -> Route {
        var route = self
        route.isOnBackChannel = isServed
        return route
    }

    /// The same route for HEAD as well. The handler of GET must change and record nothing.
    func onlyReading() -> Route {
        var route = self
        route.answersHead = method == .get
        return route
    }

    /// The same route below a path.
    func below(_ path: String) -> Route {
        var route = self
        route.template = path + template
        return route
    }
}
