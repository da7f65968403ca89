import AuthorizationServer
import OAuth

/// The consent page: the client, the MCP server, the requested scopes, and the choice of the session's length.
package struct ConsentPage: Page {
    package static let template = "consent"
    package static let hasForm = true

    /// The destination of the authorization response.
    package struct Destination: Sendable {
        /// The host of the redirect URI, or its private-use scheme.
        package let host: PlainText
        /// Whether the redirect URI is on this computer.
        package let isLoopback: Bool
        /// Whether all redirect URIs of the client are on this computer, so that any program here could have sent the request.
        package let isLoopbackOnly: Bool
        /// Whether it is a private-use URI scheme, which another app on this device may have claimed.
        package let isOwnScheme: Bool
        /// The product whose users share the address, so that any of them could have sent the request; nil for no known one.
        package let sharedBy: PlainText?

        package init(
            host: String, isLoopback: Bool, isLoopbackOnly: Bool, isOwnScheme: Bool = false, sharedBy: String? = nil
        ) {
            self.host = PlainText(host, limit: 255)
            self.isLoopback = isLoopback
            self.isLoopbackOnly = isLoopbackOnly
            self.isOwnScheme = isOwnScheme
            self.sharedBy = sharedBy.map { PlainText($0, limit: 80) }
        }
    }

    /// The MCP server to which the client requests access.
    package struct Resource: Sendable {
        package let name: PlainText
        /// The resource identifier.
        package let identifier: PlainText
        /// The name of its operator.
        package let owner: PlainText

        package init(name: String, identifier: String, owner: String) {
            self.name = PlainText(name, limit: 80)
            self.identifier = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// One choice for the length of the session; `value` is spelled as in the configuration, such as `12h`.
    package struct LifetimeChoice: Sendable {
        package let value: PlainText
        /// The length in words, such as `12 hours`.
        package let label: PlainText
        /// What the length is good for, such as `today`.
        package let detail: PlainText?
        /// Whether the choice is preselected.
        package let isChosen: Bool

        package init(value: String, label: PlainText, detail: PlainText? = nil, isChosen: Bool) {
            self.value = PlainText(verbatim: value)
            self.label = label
            self.detail = detail
            self.isChosen = isChosen
        }
    }

    /// The offer to revoke an earlier session of the same client, resource and redirect URI.
    package struct Replacement: Sendable {
        /// The id of the session, which the form returns.
        package let session: PlainText
        /// The time at which the earlier session was approved.
        package let since: PlainText
        /// The host to which its authorization response went.
        package let place: PlainText
        /// Whether the checkbox is preselected: only for a single session, and only if the new one is wider.
        package let isTicked: Bool

        package init(session: String, since: String, place: String, isTicked: Bool) {
            self.session = PlainText(verbatim: session)
            self.since = PlainText(since)
            self.place = PlainText(place, limit: 261)
            self.isTicked = isTicked
        }
    }

    /// The device on which the client runs, in place of a destination.
    package struct Device: Sendable {
        /// The code that the device shows.
        package let code: PlainText
        /// The IP address of the device.
        package let address: PlainText
        /// When the device asked.
        package let since: PlainText

        package init(code: String, address: String?, since: String) {
            self.code = PlainText(code)
            self.address = PlainText(address ?? "an unknown address", limit: 100)
            self.since = PlainText(since)
        }
    }

    package let client: PageClient
    /// Whether the client's description differs from the one that this user last approved.
    package let hasChanged: Bool
    /// Nil for a client on a device.
    package let destination: Destination?
    /// Nil for a client with a destination.
    package let device: Device?
    package let resource: Resource
    /// The scopes that a live session of this user already has; all scopes if no live session exists.
    package let scopes: [ScopeChoice]
    /// The scopes that no live session of this user has; empty if no live session exists.
    package let newScopes: [ScopeChoice]
    package let hasScopes: Bool
    package let hasNewScopes: Bool
    /// The requested scopes that the user may not have, in words.
    package let leftOut: [PlainText]
    package let hasLeftOut: Bool
    /// The lengths that the policy of the MCP server allows.
    package let lifetimes: [LifetimeChoice]
    /// The username.
    package let account: PlainText
    /// The earlier sessions in this browser, at most five.
    package let replacements: [Replacement]
    package let hasReplacements: Bool
    /// The token that the form must return. It contains the request and the sessions that the page offers to replace.
    package let token: PlainText
    /// The reason for which the last form was refused.
    package let problem: PlainText?

    package init(
        client: PageClient, hasChanged: Bool = false, destination: Destination?, device: Device? = nil,
        resource: Resource,
        scopes: [ScopeChoice], newScopes: [ScopeChoice] = [], leftOut: [String] = [], lifetimes: [LifetimeChoice],
        account: String, replacements: [Replacement] = [], token: String, problem: PlainText? = nil
    ) {
        self.client = client
        self.hasChanged = hasChanged
        self.destination = destination
        self.device = device
        self.resource = resource
        self.scopes = scopes
        self.newScopes = newScopes
        hasScopes = !scopes.isEmpty
        hasNewScopes = !newScopes.isEmpty
        self.leftOut = leftOut.map { PlainText($0, limit: 200) }
        hasLeftOut = !leftOut.isEmpty
        self.lifetimes = lifetimes
        self.account = PlainText(account, limit: 80)
        self.replacements = replacements
        hasReplacements = !replacements.isEmpty
        self.token = PlainText(verbatim: token)
        self.problem = problem
    }

    /// The problem of a form without any scope.
    package static let chooseAtLeastOne: PlainText = "Select at least one permission, or deny the request."

    package static let sample = ConsentPage(
        client: PageClient(name: "Quill Notes", .document(host: "quill.example.com")), hasChanged: true,
        destination: Destination(host: "127.0.0.1", isLoopback: true, isLoopbackOnly: true, sharedBy: "Quill"),
        device: Device(code: "WDJB-MJHT", address: "192.0.2.7", since: "2026-11-03 08:15:07 UTC"),
        resource: Resource(
            name: "Team Files", identifier: "https://files.example.org/mcp", owner: "Platform team, Example Org"),
        scopes: [.sample("files:read", "Read the files that you can read")],
        newScopes: [.sample("files:write", "Change and delete files in your name")],
        leftOut: ["Share files with people outside your organisation"],
        lifetimes: [
            LifetimeChoice(value: "1h", label: "1 hour", detail: "this task", isChosen: false),
            LifetimeChoice(value: "12h", label: "12 hours", detail: "today", isChosen: true),
            LifetimeChoice(value: "30d", label: "30 days", detail: "maximum", isChosen: false),
        ],
        account: "ada",
        replacements: [
            Replacement(
                session: "ses_sample", since: "2026-11-03 08:15:07 UTC", place: "127.0.0.1:51234", isTicked: true)
        ], token: "sample",
        problem: chooseAtLeastOne)
}

extension ConsentPage {
    /// The consent page for a request. New scopes have a section of their own if the user already granted others.
    init(_ asked: ConsentRequest, problem: PlainText?) {
        let isTicked = { (scope: Scope) in asked.kept.map { $0.scope.contains(scope) } ?? true }
        // The choice from before a sign-in, unless the MCP server's policy no longer allows it.
        let chosen = asked.terms.choices.first { $0 == asked.kept?.lifetime } ?? asked.terms.preselected
        let choices = asked.scopes.map { asked in
            (isNew: asked.isNew, choice: ScopeChoice(asked, isTicked: isTicked(asked.scope)))
        }
        self.init(
            client: PageClient(asked.client), hasChanged: asked.hasChanged,
            destination: asked.redirect.map { redirect in
                Destination(
                    host: redirect.place, isLoopback: redirect.isLoopback, isLoopbackOnly: asked.isLoopbackOnly,
                    isOwnScheme: redirect.ownScheme != nil, sharedBy: asked.redirectIsSharedBy)
            },
            device: asked.device.map { Device($0) },
            resource: Resource(
                name: asked.resource.name, identifier: asked.resource.identifier.string, owner: asked.resource.owner),
            scopes: choices.filter { !asked.isStepUp || !$0.isNew }.map(\.choice),
            newScopes: choices.filter { asked.isStepUp && $0.isNew }.map(\.choice), leftOut: asked.leftOut,
            lifetimes: asked.terms.choices.map { seconds in
                LifetimeChoice(
                    value: Lifetime.text(seconds), label: PlainText(Self.words(seconds)),
                    detail: Self.detail(seconds, among: asked.terms.choices),
                    isChosen: seconds == chosen)
            },
            account: asked.username,
            replacements: asked.replaceable.map {
                Replacement(
                    session: $0.id.string, since: $0.createdAt.shownToTheSecond, place: $0.place,
                    isTicked: asked.isTicked($0))
            },
            token: asked.token, problem: problem)
    }

    private static func words(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
        for (length, name) in units
        where seconds >= length && seconds % length == 0 && !(name == "day" && seconds == length) {
            let count = seconds / length
            return "\(count) \(name)\(count == 1 ? "" : "s")"
        }
        return "\(seconds) seconds"
    }

    private static func detail(_ seconds: Int64, among choices: [Int64]) -> PlainText? {
        switch seconds {
        case 3600: "this task"
        case 43_200: "today"
        case choices.max(): "maximum"
        default: nil
        }
    }
}

extension ConsentPage.ScopeChoice {
    /// The checkbox of a requested scope.
    fileprivate init(_ asked: ConsentRequest.RequestedScope, isTicked: Bool) {
        self.init(
            value: asked.scope.string, description: asked.description, isTicked: isTicked,
            tools: asked.tools.map(\.string),
            included: asked.included.map {
                .init(value: $0.scope.string, description: $0.description, tools: $0.tools.map(\.string))
            }, isPartOf: asked.isPartOf)
    }
}
