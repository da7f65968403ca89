/// The page after a sign-out here, from which the user can sign out at the identity provider too.
package struct SignedOutPage: Page {
    package static let template = "signed-out"

    /// What the sign-out here ended.
    package let notice: PlainText
    /// The name of the identity provider.
    package let provider: PlainText
    /// The address at which the user signs out there.
    package let destination: PlainText
    /// The host of that address.
    package let host: PlainText

    package init(notice: PlainText, provider: PlainText, link: LinkTarget) {
        self.notice = notice
        self.provider = provider
        destination = link.text
        host = link.host
    }

    package static let sample = SignedOutPage(
        notice: "You are signed out in this browser.", provider: "corp", link: .sample)
}
