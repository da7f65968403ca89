/// The page for an elicitation that belongs to another account or does not exist; it offers to sign in to another account.
///
/// It does not tell which of the two is true.
package struct WrongAccountPage: Page {
    package static let template = "other-account"
    package static let hasForm = true

    /// The name of the account that is signed in.
    package let account: PlainText
    /// The sealed address of this page, to which the sign-in returns.
    package let token: PlainText
    /// Whether the page asks for name and password.
    package private(set) var hasPassword = true
    /// The names of the identity providers at which users can sign in.
    package private(set) var providers: [PlainText] = []
    package private(set) var hasProviders = false

    package init(account: String, token: String) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
    }

    package static let sample = WrongAccountPage(account: "bob", token: "sample")
        .offering(password: true, providers: ["corp"])

    /// The same page with these ways to sign in.
    func offering(password: Bool, providers: [PlainText]) -> WrongAccountPage {
        var page = self
        page.hasPassword = password
        page.providers = providers
        page.hasProviders = !providers.isEmpty
        return page
    }
}
