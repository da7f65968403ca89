/// Offers the way back to a client with an error, but leaves the step to the person.
///
/// A client that this person never approved could otherwise use Gatehouse to send browsers where it likes.
package struct ReturnPage: Page {
    package static let template = "return"

    package let destination: PlainText
    package let host: PlainText
    package let explanation: PlainText
    package let reference: PlainText

    package init(to target: LinkTarget, explanation: PlainText, reference: PlainText) {
        destination = target.text
        host = target.host
        self.explanation = explanation
        self.reference = reference
    }

    private init(sampleDestination: PlainText) {
        destination = sampleDestination
        host = "127.0.0.1"
        explanation = "The app asked for something that this MCP server does not offer."
        reference = "sample"
    }

    package static let sample = ReturnPage(
        sampleDestination: "http://127.0.0.1:9000/callback?error=invalid_scope&state=sample")
}
