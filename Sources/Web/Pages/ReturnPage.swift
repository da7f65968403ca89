/// The page that offers a link back to an unknown client with an error.
///
/// A redirect would make Gatehouse an open redirector: a client that nobody approved could send browsers anywhere.
package struct ReturnPage: Page {
    package static let template = "return"

    /// The redirect URI with the error response.
    package let destination: PlainText
    package let host: PlainText
    /// The description of the error.
    package let explanation: PlainText
    /// The request id, by which an operator finds the log line.
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
