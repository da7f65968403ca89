/// Asks a person for name and password, and says for whose request.
package struct SignInPage: Page {
    package static let template = "sign-in"
    package static let hasForm = true

    /// The host of the asking client's identifier, or the registered client's name; always shown as text.
    package let client: PlainText?
    /// The sealed request that waits for this person.
    package let token: PlainText
    /// The name that was typed before, so that a mistyped password does not cost the name too.
    package let username: PlainText?
    /// Why the last try did not succeed, without saying which of name and password was wrong.
    package let problem: PlainText?
    /// What was done just now.
    package let notice: PlainText?
    /// It leads to the page of one's own account.
    package let isForAccount: Bool

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
        isForAccount: true)
}
