/// The page for an authorization request that expired before the user decided.
package struct ExpiredPage: Page {
    package static let template = "expired"

    /// The redirect URI with the error response; nil if the request did not prove it.
    package let back: Back?
    /// The request id, by which an operator finds the log line.
    package let reference: PlainText

    /// The link back to the app.
    package struct Back: Sendable {
        package let destination: PlainText
        package let host: PlainText

        package init(_ target: LinkTarget) { self.init(target.text, target.host) }

        fileprivate init(_ destination: PlainText, _ host: PlainText) {
            self.destination = destination
            self.host = host
        }
    }

    package init(back: LinkTarget?, reference: String) {
        self.init(back: back.map { Back($0) }, reference: reference)
    }

    private init(back: Back?, reference: String) {
        self.back = back
        self.reference = PlainText(verbatim: reference)
    }

    package static let sample = ExpiredPage(
        back: Back("http://127.0.0.1:9000/callback?error=access_denied&state=sample", "127.0.0.1"),
        reference: "sample")
}
