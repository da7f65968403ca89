import AuthorizationServer
package import JOSE
import OAuth

/// The page on which a user answers an elicitation: the MCP server, the app, the request, and the recipient of the answer.
///
/// The text of the MCP server appears as plain text in a frame below the server's name, so that it cannot pass for text of
/// Gatehouse.
package struct ElicitationPage: Page {
    package static let template = "elicitation"
    package static let hasForm = true

    /// The MCP server of the request, as its operator registered it.
    package struct Server: Sendable {
        package let name: PlainText
        package let host: PlainText
        package let identifier: PlainText
        /// The name of its operator.
        package let owner: PlainText

        package init(name: String, host: String, identifier: String, owner: String) {
            self.name = PlainText(name, limit: 80)
            self.host = PlainText(host, limit: 255)
            self.identifier = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// The action to approve, in the exact text of the MCP server, because the approval covers this text.
    package struct Action: Sendable {
        package let name: PlainText
        /// One sentence on what the action does.
        package let summary: PlainText
        package let details: [Detail]
        package let hasDetails: Bool
        /// The complete arguments of the tool.
        package let arguments: PlainText?

        package init(name: String, summary: String, details: [Detail], arguments: JSONObject?) {
            self.name = PlainText(written: name)
            self.summary = PlainText(written: summary)
            self.details = details
            hasDetails = !details.isEmpty
            self.arguments = arguments.map { PlainText(code: IndentedJSON.text($0)) }
        }
    }

    /// One line of the description of an action.
    package struct Detail: Sendable {
        package let label: PlainText
        package let value: PlainText

        package init(label: String, value: String) {
            self.label = PlainText(written: label)
            self.value = PlainText(written: value)
        }
    }

    /// The account at a provider to connect.
    package struct Connection: Sendable {
        package let provider: PlainText
        /// The host at which the user signs in.
        package let host: PlainText
        /// The scopes at the provider.
        package let scopes: [PlainText]
        package let hasScopes: Bool

        package init(provider: String, host: String, scopes: [String]) {
            self.provider = PlainText(provider, limit: 40)
            self.host = PlainText(host, limit: 255)
            self.scopes = scopes.map { PlainText($0, limit: 200) }
            hasScopes = !scopes.isEmpty
        }
    }

    package let server: Server
    package let client: PageClient
    /// The time at which the user approved the client's session.
    package let since: PlainText
    /// The username, so that a user with several accounts notices the wrong one.
    package let account: PlainText
    /// The message of the MCP server.
    package let message: PlainText
    /// The action of a `confirm`.
    package let action: Action?
    /// The site of an `external`.
    package let destination: Destination?
    /// The fields of a `secret`.
    package let secret: SecretFields?
    /// The account of a `connect`.
    package let connection: Connection?
    /// The time at which the request expires.
    package let until: PlainText
    /// The public id, which is the last segment of the page's URL.
    package let id: PlainText
    /// The token that the form must return, bound to the login that opened the page.
    package let token: PlainText
    /// The reason for which the last form was refused.
    package let problem: PlainText?

    package init(
        server: Server, client: PageClient, since: String, account: String, message: String, action: Action?,
        destination: Destination? = nil, secret: SecretFields? = nil, connection: Connection? = nil,
        until: String, id: String, token: String,
        problem: PlainText? = nil
    ) {
        self.server = server
        self.client = client
        self.since = PlainText(since)
        self.account = PlainText(account, limit: 80)
        self.message = PlainText(written: message)
        self.action = action
        self.destination = destination
        self.secret = secret
        self.connection = connection
        self.until = PlainText(until)
        self.id = PlainText(verbatim: id)
        self.token = PlainText(verbatim: token)
        self.problem = problem
    }

    package static let sample = ElicitationPage(
        server: Server(
            name: "Team Files", host: "files.example.org", identifier: "https://files.example.org/mcp",
            owner: "Platform team, Example Org"),
        client: PageClient(name: "Quill Notes", .document(host: "quill.example.com")), since: "2026-11-21 08:15 UTC",
        account: "ada", message: "Approve this deletion to go on.",
        action: Action(
            name: "delete_folder", summary: "Delete the folder Drafts with 12 files",
            details: [Detail(label: "Folder", value: "/ada/Drafts")], arguments: ["path": "/ada/Drafts"]),
        destination: Destination(host: "pay.example", address: "https://pay.example/cart", isThere: true),
        secret: SecretFields.sample, connection: Connection(provider: "hub", host: "hub.example", scopes: ["repo"]),
        until: "2026-11-21 08:30 UTC", id: "sample", token: "sample",
        problem: "Press Approve or Decline.")
}

extension ElicitationPage {
    /// The page for an elicitation. Exactly one of action, destination, secret and connection is present, by its kind.
    init(_ question: ElicitationQuestion, filled: SubmittedForm? = nil, problem: PlainText? = nil) {
        let server = question.server
        self.init(
            server: Server(
                name: server.name, host: server.identifier.host, identifier: server.identifier.string,
                owner: server.owner),
            client: PageClient(question.client), since: question.since.shown,
            account: question.username, message: question.message, action: Action(question.section),
            destination: Destination(question.section), secret: SecretFields(question.section, filled: filled),
            connection: Connection(question.section), until: question.expiresAt.shown, id: question.page.string,
            token: question.token, problem: problem)
    }
}

extension ElicitationPage {
    /// The other site of an `external` elicitation.
    package struct Destination: Sendable {
        /// The host with its port unless it is 443.
        package let destinationHost: PlainText
        /// The complete URL, without the ticket.
        package let destinationAddress: PlainText
        /// Whether the host contains non-ASCII letters in their encoded form (`xn--`), which may look like other letters.
        package let isEncoded: Bool
        /// Whether the user has already arrived there.
        package let isThere: Bool

        package init(host: String, address: String, isThere: Bool) {
            destinationHost = PlainText(host, limit: 261)
            destinationAddress = PlainText(address, limit: 2000)
            isEncoded = host.split(separator: ".").contains { $0.lowercased().hasPrefix("xn--") }
            self.isThere = isThere
        }
    }
}

extension ElicitationPage.Action {
    /// The action of a `confirm`; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let action = part as? ElicitationAction else { return nil }
        self.init(
            name: action.name, summary: action.summary,
            details: action.details.map { ElicitationPage.Detail(label: $0.label, value: $0.value) },
            arguments: action.arguments)
    }
}

extension ElicitationPage.Destination {
    /// Where an `external` leads; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let site = part as? ExternalSite else { return nil }
        self.init(host: site.url.host, address: site.url.text, isThere: site.isThere)
    }
}

extension ElicitationPage.Connection {
    /// The account of a `connect`; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let account = part as? AccountToConnect else { return nil }
        self.init(
            provider: account.provider.string, host: account.host, scopes: account.scope.scopes.map(\.string))
    }
}
