/// Sends a person who agreed on to another site, where the rest happens; says where that is.
///
/// It is a page and not a redirect for the reason that `HandOffPage` is one.
package struct OnwardPage: Page {
    package static let template = "onward"

    package let destination: PlainText
    package let host: PlainText

    package init(to target: LinkTarget) {
        destination = target.text
        host = target.host
    }

    private init(sampleDestination: PlainText) {
        destination = sampleDestination
        host = "hub.example"
    }

    package static let sample = OnwardPage(sampleDestination: "https://hub.example/authorize?state=sample")
}
