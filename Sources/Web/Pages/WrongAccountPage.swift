/// Turns away who is not the one that was asked, without a word on whose request it is or whether there is one; offers to
/// sign in with another account.
package struct WrongAccountPage: Page {
    package static let template = "other-account"
    package static let hasForm = true

    /// The account that is signed in now.
    package let account: PlainText
    /// The sealed address of this page, for the sign-in.
    package let token: PlainText

    package init(account: String, token: String) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
    }

    package static let sample = WrongAccountPage(account: "bob", token: "sample")
}
