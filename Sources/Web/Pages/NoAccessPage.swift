import AuthorizationServer
import HTTPTypes
import Hummingbird

/// The page for a user whom the access rule of an MCP server keeps out. It names the owner, who can be asked for access.
package struct NoAccessPage: Page {
    package static let template = "no-access"

    /// The registered name of the MCP server.
    package let server: PlainText
    /// Who is accountable for the MCP server.
    package let owner: PlainText
    /// The name of the account that is signed in, so that the user notices a wrong one.
    package let account: PlainText
    /// Whether a new sign-in with the identity provider may give access.
    package let isOutdated: Bool
    /// Whether the user may use the MCP server, but none of the scopes that the app requests.
    package let isAboutScopes: Bool
    /// The request id, by which an operator finds the log line.
    package let reference: PlainText

    init(_ refusal: NoAccess, reference: String) {
        let (isOutdated, isAboutScopes) =
            switch refusal.cause {
            case .notListed: (false, false)
            case .outdated: (true, false)
            case .noScope: (false, true)
            }
        self.init(
            server: PlainText(refusal.server, limit: 80), owner: PlainText(refusal.owner, limit: 80),
            account: PlainText(refusal.account, limit: 80), isOutdated: isOutdated, isAboutScopes: isAboutScopes,
            reference: reference)
    }

    private init(
        server: PlainText, owner: PlainText, account: PlainText, isOutdated: Bool, isAboutScopes: Bool,
        reference: String
    ) {
        self.server = server
        self.owner = owner
        self.account = account
        self.isOutdated = isOutdated
        self.isAboutScopes = isAboutScopes
        self.reference = PlainText(verbatim: reference)
    }

    package static let sample = NoAccessPage(
        server: "Notes", owner: "Grace Hopper", account: "ada", isOutdated: true, isAboutScopes: true,
        reference: "sample")
}

extension ErrorAnswers {
    /// The page for a user whom an access rule keeps out, with 403.
    func noAccess(_ refusal: NoAccess, _ context: WebContext) -> Response {
        logRefusal(refusal.error, context, status: .forbidden)
        return html(NoAccessPage(refusal, reference: context.reference), status: .forbidden)
    }
}
