/// Sends the browser on to another origin after a form, as a page rather than a redirect.
///
/// A redirect after a form is subject to the policy `form-action`, which cannot name every callback that is allowed.
package struct HandOffPage: Page {
    package static let template = "hand-off"

    /// What the person goes there for.
    package enum Purpose: Sendable {
        /// Back to the app, with what was decided.
        case answer
        /// On to another site, where it ends.
        case elsewhere
        /// On to another site, and back here.
        case errand
    }

    package let destination: PlainText
    package let host: PlainText
    package let title: PlainText
    /// It leads back to the app, with what the person decided.
    package let isAnswer: Bool
    /// The person comes back here afterwards.
    package let comesBack: Bool

    package init(to target: LinkTarget, for purpose: Purpose = .answer, title: PlainText = "You are all set") {
        self.init(target.text, target.host, purpose, title)
    }

    private init(_ destination: PlainText, _ host: PlainText, _ purpose: Purpose, _ title: PlainText) {
        self.destination = destination
        self.host = host
        self.title = purpose == .answer ? title : "On to another site"
        isAnswer = purpose == .answer
        comesBack = purpose == .errand
    }

    package static let sample = HandOffPage(
        "http://127.0.0.1:9000/callback?code=sample&state=sample", "127.0.0.1", .answer, "You are all set")
}
