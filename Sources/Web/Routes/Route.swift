package import HTTPTypes
package import Hummingbird

/// One door: the method and path that it answers, whom it is for, what body it takes, and the handler.
///
/// A route is made by the function of its audience alone, so that what an audience demands cannot be left out: a form
/// without its Origin check cannot be written.
package struct Route: Sendable {
    /// Answers a request whose door, sender and body were checked.
    package typealias Handler = @Sendable (Request, WebContext, _ body: [UInt8]) async throws -> Response

    package let method: HTTPRequest.Method
    /// The path, with names in braces where identifiers stand: `/sessions/{sid}`.
    package private(set) var template: String
    package let audience: Audience
    package let body: BodyRule
    package let window: Window
    /// Whether MCP servers reach it under the hosts of the back channel.
    package private(set) var isOnBackChannel: Bool
    /// Whether HEAD is answered by running what GET runs.
    package private(set) var answersHead: Bool
    let handler: Handler

    /// Whether the window that shows a page may stay in touch with the window that opened it.
    package enum Window: Sendable, Hashable {
        /// The page is alone with itself.
        case own
        /// The page belongs to an authorization, which a web client may have opened in a window of its own; the handler keeps
        /// a page apart that belongs to none.
        case shared
        /// The page is of whatever waits for its person; the handler says so where that is an authorization.
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

    /// A public document.
    package static func document(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.document, .get, template, .none, .own, handler)
    }

    /// An endpoint that clients post to.
    package static func client(_ template: String, _ body: BodyRule, _ handler: @escaping Handler) -> Route {
        Route(.client, .post, template, body, .own, handler)
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

    /// The authorization request as a form, the one form that a client's site may post.
    ///
    /// It decides nothing: what it brings is shown to the person, whose own form decides.
    package static func authorizationForm(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.page, .post, template, .form(), .shared, handler)
    }

    /// A form of a page of this server, which is taken from no other site.
    package static func form(_ template: String, window: Window = .own, _ handler: @escaping Handler) -> Route {
        Route(.form, .post, template, .form(), window, handler)
    }

    /// Something that operators and their probes read.
    package static func operations(_ template: String, _ handler: @escaping Handler) -> Route {
        Route(.operations, .get, template, .none, .own, handler)
    }

    /// A command of the command line.
    package static func admin(_ template: String, _ body: BodyRule, _ handler: @escaping Handler) -> Route {
        Route(.admin, .post, template, body, .own, handler)
    }

    /// The same door, also for MCP servers under the hosts of the back channel.
    func onBackChannel() -> Route {
        var route = self
        route.isOnBackChannel = true
        return route
    }

    /// The same door, also for HEAD: what it shows changes nothing and records nothing.
    func onlyReading() -> Route {
        var route = self
        route.answersHead = method == .get
        return route
    }

    /// The same door below a path.
    func below(_ path: String) -> Route {
        var route = self
        route.template = path + template
        return route
    }
}
