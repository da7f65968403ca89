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
    /// It goes on by itself. Never to an app's own scheme: only a person sees which app their device offers for it.
    package let movesOn: Bool
    /// The answer goes to a program on this computer, by an address that a person might copy from a page that fails.
    package let isForThisComputer: Bool

    package init(to target: LinkTarget, for purpose: Purpose = .answer, title: PlainText = "Access approved") {
        destination = target.text
        host = target.host
        self.title = purpose == .answer ? title : "Continue to another site"
        isAnswer = purpose == .answer
        comesBack = purpose == .errand
        movesOn = !target.isOwnScheme
        isForThisComputer = purpose == .answer && target.isLoopback
    }

    package static let sample = HandOffPage(to: .sample)
}
