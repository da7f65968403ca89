import AuthorizationServer

/// The page on which the holder of a one-time link sets the password of an account.
package struct AccountLinkPage: Page {
    package static let template = "account-link"
    package static let hasForm = true

    /// The name to sign in with, which the user may not know yet.
    package let account: PlainText
    /// The secret of the link, for the address of the form.
    package let secret: PlainText
    /// Whether the account is new, which the words of the page follow.
    package let isNew: Bool
    /// The problem of the last attempt.
    package let problem: PlainText?

    package init(account: String, secret: String, isNew: Bool, problem: PlainText? = nil) {
        self.account = PlainText(account)
        self.secret = PlainText(verbatim: secret)
        self.isNew = isNew
        self.problem = problem
    }

    package static let sample = AccountLinkPage(
        account: "ada", secret: "sample", isNew: true, problem: "The two new passwords differ. Nothing changed.")
}

extension AccountLinkPage {
    /// The page for the account of a link, after a refused password with its problem.
    init(_ account: AccountLinkEndpoint.Account, secret: String, problem: PasswordChangeError? = nil) {
        self.init(
            account: account.name, secret: secret, isNew: account.isNew,
            problem: problem.flatMap { AccountActionError.password($0).passwordSentence })
    }
}
