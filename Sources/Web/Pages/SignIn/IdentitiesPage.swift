import AuthorizationServer
import OAuth

/// The page on which users link and unlink accounts at identity providers.
package struct IdentitiesPage: Page {
    package static let template = "identities"
    package static let hasForm = true

    /// A linked account.
    package struct Identity: Sendable {
        /// Names the account in the form.
        package let key: PlainText
        package let provider: PlainText
        /// What the provider calls the user; nil if it sent no name.
        package let name: PlainText?
        package let email: PlainText?
        package let issuer: PlainText
        package let used: PlainText
    }

    /// A live login in a browser.
    package struct Login: Sendable {
        /// The identifier of the login, which the form returns.
        package let login: PlainText
        /// The identity provider; nil for a password.
        package let vouchedBy: PlainText?
        package let since: PlainText
        package let seen: PlainText
        /// Whether the page is shown in this browser.
        package let isThis: Bool
    }

    /// The username here.
    package let account: PlainText
    /// The token that each form must return, which prevents cross-site request forgery.
    package let token: PlainText
    package let problem: PlainText?
    package let identities: [Identity]
    package let hasIdentities: Bool
    /// The names of the providers at which an account can be linked.
    package let providers: [PlainText]
    package let hasProviders: Bool
    /// The live logins, the latest seen first.
    package let logins: [Login]

    package init(
        account: String, token: String, problem: PlainText?, identities: [Identity], providers: [PlainText],
        logins: [Login]
    ) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
        self.problem = problem
        self.identities = identities
        hasIdentities = !identities.isEmpty
        self.providers = providers
        hasProviders = !providers.isEmpty
        self.logins = logins
    }

    package static let sample = IdentitiesPage(
        account: "ada", token: "sample", problem: "Nothing changed.",
        identities: [
            Identity(
                key: "sample", provider: "corp", name: "Ada Lovelace", email: "ada@example.com",
                issuer: "https://login.example.com", used: "3 March 2026, 14:05 UTC")
        ], providers: ["corp"],
        logins: [
            Login(
                login: "sample", vouchedBy: "corp", since: "3 March 2026, 14:05 UTC", seen: "3 March 2026, 15:10 UTC",
                isThis: false)
        ])
}

extension IdentitiesPage {
    /// The page with what the user's account is linked to.
    init(_ view: AccountIdentities.View, problem: PlainText?) {
        self.init(
            account: view.username, token: view.token, problem: problem,
            identities: view.identities.map { identity in
                Identity(
                    key: PlainText(verbatim: identity.key), provider: PlainText(identity.provider.string),
                    name: identity.name.map { PlainText($0, limit: 80) },
                    email: identity.email.map { PlainText($0, limit: 254) },
                    issuer: PlainText(identity.issuer.string, limit: 255), used: PlainText(identity.usedAt.shown))
            },
            providers: view.providers.map { PlainText($0.string) },
            logins: view.logins.map { login in
                Login(
                    login: PlainText(verbatim: login.id.string), vouchedBy: login.provider.map { PlainText($0.string) },
                    since: PlainText(login.since.shown), seen: PlainText(login.seenAt.shown), isThis: login.isThis)
            })
    }
}
