/// Sends the browser on to another origin after a form, as a page rather than a redirect.
///
/// A redirect after a form is subject to the policy `form-action`, which cannot name every callback that is allowed.
package struct HandOffPage: Page {
    package static let template = "hand-off"

    package let destination: PlainText
    package let host: PlainText
    package let title: PlainText
    /// It leads back to the app, with what the person decided.
    package let isAnswer: Bool

    package init(to target: LinkTarget, title: PlainText = "You are all set", isAnswer: Bool = true) {
        destination = target.text
        host = target.host
        self.title = title
        self.isAnswer = isAnswer
    }

    private init(sampleDestination: PlainText) {
        destination = sampleDestination
        host = "127.0.0.1"
        title = "You are all set"
        isAnswer = true
    }

    package static let sample = HandOffPage(
        sampleDestination: "http://127.0.0.1:9000/callback?code=sample&state=sample")
}
