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

    package init(account: String, token: String) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
    }

    package static let sample = WrongAccountPage(account: "bob", token: "sample")
}
