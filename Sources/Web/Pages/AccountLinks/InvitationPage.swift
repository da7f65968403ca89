import AuthorizationServer
import OAuth

/// The page on which the holder of a one-time link goes on to the identity provider at which the link has to be taken.
package struct InvitationPage: Page {
    package static let template = "invitation"
    package static let hasForm = true

    /// The name of the account here.
    package let account: PlainText
    /// The secret of the link, for the address of the form.
    package let secret: PlainText
    /// Whether the account is new, which the words of the page follow.
    package let isNew: Bool
    /// The name of the identity provider.
    package let provider: PlainText
    /// The verified address that the account at the provider must have; nil for any account.
    package let email: PlainText?

    package init(account: String, secret: String, isNew: Bool, provider: String, email: String?) {
        self.account = PlainText(account)
        self.secret = PlainText(verbatim: secret)
        self.isNew = isNew
        self.provider = PlainText(provider)
        self.email = email.map { PlainText($0, limit: 254) }
    }

    package static let sample = InvitationPage(
        account: "ada", secret: "sample", isNew: true, provider: "corp", email: "ada@example.com")
}

extension InvitationPage {
    /// The page of a link that has to be taken at a provider; nil for a link that sets a password.
    init?(_ account: AccountLinkEndpoint.Account, secret: String) {
        guard let provider = account.provider else { return nil }
        self.init(
            account: account.name, secret: secret, isNew: account.isNew, provider: provider.string,
            email: account.email)
    }
}
