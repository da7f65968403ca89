/// The page on which a person decides: who asks, for what, at which MCP server, for how long.
package struct ConsentPage: Page {
    package static let template = "consent"
    package static let hasForm = true

    /// The client as it presents itself; nothing here is proven but the host of a metadata document.
    package struct Client: Sendable {
        package let name: PlainText
        /// The host of the `client_id` URL; nil for a client that an administrator registered.
        package let host: PlainText?
        package let isRegistered: Bool
        /// It describes itself otherwise than when this person last approved it.
        package let hasChanged: Bool

        package init(name: String, host: String?, hasChanged: Bool = false) {
            let shown = PlainText(name, limit: 80)
            self.name = shown.isEmpty ? "(no name)" : shown
            self.host = host.map { PlainText($0, limit: 255) }
            isRegistered = host == nil
            self.hasChanged = hasChanged
        }
    }

    /// Where the answer goes.
    package struct Destination: Sendable {
        package let host: PlainText
        package let isLoopback: Bool
        /// Every redirect of the client is on this computer, so that any program here could have sent the request.
        package let isLoopbackOnly: Bool
        /// It is a scheme of an app's own, which another app on this device may have claimed.
        package let isOwnScheme: Bool

        package init(host: String, isLoopback: Bool, isLoopbackOnly: Bool, isOwnScheme: Bool = false) {
            self.host = PlainText(host, limit: 255)
            self.isLoopback = isLoopback
            self.isLoopbackOnly = isLoopbackOnly
            self.isOwnScheme = isOwnScheme
        }
    }

    /// The MCP server that the client wants to reach.
    package struct Resource: Sendable {
        package let name: PlainText
        package let identifier: PlainText
        /// The one accountable name behind the server.
        package let owner: PlainText

        package init(name: String, identifier: String, owner: String) {
            self.name = PlainText(name, limit: 80)
            self.identifier = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// One length that the session may have; `value` is spelled as in the configuration, such as `12h`.
    package struct LifetimeChoice: Sendable {
        package let value: PlainText
        package let label: PlainText
        package let detail: PlainText?
        package let isChosen: Bool

        package init(value: String, label: PlainText, detail: PlainText? = nil, isChosen: Bool) {
            self.value = PlainText(verbatim: value)
            self.label = label
            self.detail = detail
            self.isChosen = isChosen
        }
    }

    /// The offer to end an earlier session of the same client, resource and redirect.
    package struct Replacement: Sendable {
        package let session: PlainText
        /// When the earlier session was approved.
        package let since: PlainText
        /// Where it answered.
        package let place: PlainText
        package let isTicked: Bool

        package init(session: String, since: String, place: String, isTicked: Bool) {
            self.session = PlainText(verbatim: session)
            self.since = PlainText(since)
            self.place = PlainText(place, limit: 261)
            self.isTicked = isTicked
        }
    }

    package let client: Client
    package let destination: Destination
    package let resource: Resource
    /// The scopes that a live session of this person already has, or all of them when there is none.
    package let scopes: [ScopeChoice]
    /// The scopes that no live session has; they stand apart only when there is something to stand apart from.
    package let newScopes: [ScopeChoice]
    package let hasScopes: Bool
    package let hasNewScopes: Bool
    package let lifetimes: [LifetimeChoice]
    package let account: PlainText
    package let replacements: [Replacement]
    package let hasReplacements: Bool
    package let token: PlainText
    package let problem: PlainText?

    package init(
        client: Client, destination: Destination, resource: Resource,
        scopes: [ScopeChoice], newScopes: [ScopeChoice] = [], lifetimes: [LifetimeChoice],
        account: String, replacements: [Replacement] = [], token: String, problem: PlainText? = nil
    ) {
        self.client = client
        self.destination = destination
        self.resource = resource
        self.scopes = scopes
        self.newScopes = newScopes
        hasScopes = !scopes.isEmpty
        hasNewScopes = !newScopes.isEmpty
        self.lifetimes = lifetimes
        self.account = PlainText(account, limit: 80)
        self.replacements = replacements
        hasReplacements = !replacements.isEmpty
        self.token = PlainText(verbatim: token)
        self.problem = problem
    }

    /// What an empty choice of scopes is answered with.
    package static let chooseAtLeastOne: PlainText = "Select at least one permission, or deny the request."

    package static let sample = ConsentPage(
        client: Client(name: "Quill Notes", host: "quill.example.com", hasChanged: true),
        destination: Destination(host: "127.0.0.1", isLoopback: true, isLoopbackOnly: true),
        resource: Resource(
            name: "Team Files", identifier: "https://files.example.org/mcp", owner: "Platform team, Example Org"),
        scopes: [.sample("files:read", "Read the files that you can read")],
        newScopes: [.sample("files:write", "Change and delete files in your name")],
        lifetimes: [
            LifetimeChoice(value: "1h", label: "1 hour", detail: "this task", isChosen: false),
            LifetimeChoice(value: "12h", label: "12 hours", detail: "today", isChosen: true),
            LifetimeChoice(value: "30d", label: "30 days", detail: "the maximum", isChosen: false),
        ],
        account: "ada",
        replacements: [
            Replacement(
                session: "ses_sample", since: "2026-11-03 08:15:07 UTC", place: "127.0.0.1:51234", isTicked: true)
        ], token: "sample",
        problem: chooseAtLeastOne)
}
