import AuthorizationServer
package import JOSE
import OAuth

/// The page on which a person answers an MCP server: who asks, through which app, exactly what, and who reads the answer.
///
/// What the MCP server wrote stands in a frame of its own, as plain text under the server's name, so that none of it can
/// pass for Gatehouse.
package struct ElicitationPage: Page {
    package static let template = "elicitation"
    package static let hasForm = true

    /// The MCP server that asks, as its operator registered it.
    package struct Server: Sendable {
        package let name: PlainText
        package let host: PlainText
        package let identifier: PlainText
        /// The one accountable name behind the server.
        package let owner: PlainText

        package init(name: String, host: String, identifier: String, owner: String) {
            self.name = PlainText(name, limit: 80)
            self.host = PlainText(host, limit: 255)
            self.identifier = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// The app through which it came about.
    package struct Client: Sendable {
        package let name: PlainText
        /// The host of the `client_id` URL; nil for a client that an administrator registered.
        package let host: PlainText?
        package let isRegistered: Bool
        /// When the person approved the session that it works in, in words.
        package let since: PlainText

        package init(name: String, host: String?, since: String) {
            let shown = PlainText(name, limit: 80)
            self.name = shown.isEmpty ? "(no name)" : shown
            self.host = host.map { PlainText($0, limit: 255) }
            isRegistered = host == nil
            self.since = PlainText(since)
        }
    }

    /// The one action that is to be approved, in the MCP server's words, just as they were sent: the approval is for them.
    package struct Action: Sendable {
        package let name: PlainText
        package let summary: PlainText
        package let details: [Detail]
        package let hasDetails: Bool
        /// What the tool is called with, whole.
        package let arguments: PlainText?

        package init(name: String, summary: String, details: [Detail], arguments: JSONObject?) {
            self.name = PlainText(written: name)
            self.summary = PlainText(written: summary)
            self.details = details
            hasDetails = !details.isEmpty
            self.arguments = arguments.map { PlainText(code: IndentedJSON.text($0)) }
        }
    }

    /// One line of the action's description.
    package struct Detail: Sendable {
        package let label: PlainText
        package let value: PlainText

        package init(label: String, value: String) {
            self.label = PlainText(written: label)
            self.value = PlainText(written: value)
        }
    }

    /// The account at a third party that is to be connected.
    package struct Connection: Sendable {
        package let provider: PlainText
        /// Where the person will sign in.
        package let host: PlainText
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
    package let client: Client
    package let account: PlainText
    package let message: PlainText
    package let action: Action?
    package let destination: Destination?
    package let secret: SecretFields?
    package let connection: Connection?
    /// Until when an answer counts, in words.
    package let until: PlainText
    /// The public id, which is the end of the page's address.
    package let id: PlainText
    package let token: PlainText
    package let problem: PlainText?

    package init(
        server: Server, client: Client, account: String, message: String, action: Action?,
        destination: Destination? = nil, secret: SecretFields? = nil, connection: Connection? = nil,
        until: String, id: String, token: String,
        problem: PlainText? = nil
    ) {
        self.server = server
        self.client = client
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
        client: Client(name: "Quill Notes", host: "quill.example.com", since: "2026-11-21 08:15 UTC"),
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
    /// The page for what `question` says. Of the parts one is there: that of its kind.
    init(_ question: ElicitationQuestion, filled: SubmittedForm? = nil, problem: PlainText? = nil) {
        let asker = question.asker
        self.init(
            server: Server(
                name: asker.name, host: asker.identifier.host, identifier: asker.identifier.string, owner: asker.owner),
            client: Client(
                name: question.through.name, host: question.through.host, since: question.through.since.shown),
            account: question.username, message: question.message, action: Action(question.part),
            destination: Destination(question.part), secret: SecretFields(question.part, filled: filled),
            connection: Connection(question.part), until: question.expiresAt.shown, id: question.page.string,
            token: question.token, problem: problem)
    }
}
