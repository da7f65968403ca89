/// The page that sends the browser to another origin after a form, in place of a redirect.
///
/// The policy `form-action` applies to redirects after a form, and it cannot list all redirect URIs.
package struct HandOffPage: Page {
    package static let template = "hand-off"

    /// The purpose of the destination.
    package enum Purpose: Sendable {
        /// The app receives the user's decision.
        case answer
        /// Another site, on which the user finishes.
        case elsewhere
        /// Another site, which sends the user back here.
        case errand
    }

    /// The URL, which may contain the authorization code.
    package let destination: PlainText
    /// The host or the scheme that the page shows.
    package let host: PlainText
    package let title: PlainText
    /// Whether the destination is the app, which receives the user's decision.
    package let isAnswer: Bool
    /// Whether the destination sends the user back here.
    package let comesBack: Bool
    /// Whether the browser continues by itself. It never does so to a private-use scheme, because only the user sees which app the
    /// device offers for it.
    package let movesOn: Bool
    /// Whether a program on this computer receives the answer. If that fails, the URL with the code stays in the address bar, where
    /// an attacker could ask the user to copy it.
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
