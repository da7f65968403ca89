import AuthorizationServer
import OAuth

/// The sign-in page, which names the client of the pending request.
package struct SignInPage: Page {
    package static let template = "sign-in"
    package static let hasForm = true

    /// The host of the client's metadata document, or the name of a registered client.
    package let client: PlainText?
    /// The sealed pending request.
    package let token: PlainText
    /// The username of the last attempt, so that the user does not have to type it again.
    package let username: PlainText?
    /// The problem of the last attempt. It does not tell whether the username or the password was wrong, so that nobody can probe
    /// for usernames.
    package let problem: PlainText?
    /// The result of the last action.
    package let notice: PlainText?
    /// Whether the sign-in leads to the account page.
    package let isForAccount: Bool
    /// Whether the page asks for name and password.
    package private(set) var hasPassword = true
    /// The names of the identity providers at which users can sign in.
    package private(set) var providers: [PlainText] = []
    package private(set) var hasProviders = false
    /// The provider of the suggested address, whose button comes first; nil without one.
    package private(set) var preselected: PlainText?
    /// Whether the page asks for the name or the address alone.
    package private(set) var asksNameFirst = false
    /// The provider at which the users of the MCP server have to sign in; nil where any way will do.
    package private(set) var required: PlainText?

    package init(
        client: PlainText?, token: String, username: String? = nil, problem: PlainText? = nil,
        notice: PlainText? = nil, isForAccount: Bool = false
    ) {
        self.client = client
        self.notice = notice
        self.isForAccount = isForAccount
        self.token = PlainText(verbatim: token)
        self.username = username.map { PlainText($0) }
        self.problem = problem
    }

    package static let sample = SignInPage(
        client: "notes.example.com", token: "sample", username: "ada",
        problem: "The username or the password is incorrect. Try again.", notice: "You are signed out.",
        isForAccount: true
    ).offering(password: true, providers: ["corp", "lab"], preselected: "corp", asksNameFirst: true, required: "corp")

    /// The same page with these ways to sign in.
    func offering(
        password: Bool, providers: [PlainText], preselected: PlainText? = nil, asksNameFirst: Bool = false,
        required: PlainText? = nil
    ) -> SignInPage {
        var page = self
        page.hasPassword = password
        page.providers = providers.filter { $0 != preselected }
        page.hasProviders = !page.providers.isEmpty
        page.preselected = preselected
        page.asksNameFirst = asksNameFirst
        page.required = required
        return page
    }

    /// The same page with the ways to sign in that exist now.
    func offering(_ offer: SignInWays.Offer) -> SignInPage {
        offering(
            password: offer.acceptsPassword, providers: offer.providers.map { PlainText($0.string) },
            preselected: offer.preselected.map { PlainText($0.string) }, asksNameFirst: offer.asksNameFirst,
            required: offer.required.map { PlainText($0.string) })
    }
}

extension SignInPage {
    /// The sign-in page for a pending request.
    init(_ prompt: SignInPrompt) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: prompt.token, username: prompt.account ?? prompt.hint,
            notice: prompt.requiredBy.map(Self.again) ?? (prompt.account == nil ? nil : Self.again))
    }

    private static func again(_ server: String) -> PlainText {
        PlainText("\(server) requires a recent sign-in. Sign in again to continue; Gatehouse keeps your request.")
    }

    private static let again: PlainText =
        "This request requires a recent sign-in. Sign in again to continue; Gatehouse keeps your request."

    /// The sign-in page again, after a form that was too old or came with another browser cookie than its page.
    init(outdated prompt: SignInEndpoint.Prompt, token: String, hint: String?, cameWithCookie: Bool) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: token, username: hint,
            problem: cameWithCookie ? nil : Self.noCookie, notice: cameWithCookie ? Self.outdated : nil,
            isForAccount: prompt.purpose == .account)
    }

    private static let outdated: PlainText =
        "The sign-in page was out of date, so Gatehouse ignored what you typed. Sign in here to continue."
    private static let noCookie: PlainText =
        "Your browser sent no cookie, so Gatehouse ignored what you typed. Allow cookies for this site, then sign in."

    /// The sign-in page again with a problem, for the same request.
    init(_ prompt: SignInEndpoint.Prompt, token: String, username: String?, problem: PlainText?) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: token, username: username, problem: problem,
            isForAccount: prompt.purpose == .account)
    }
}
