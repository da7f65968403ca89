import Hummingbird

/// Says that a request expired before anybody decided, and leads back to the app where that may be offered.
package struct ExpiredPage: Page {
    package static let template = "expired"

    /// The app's address with the answer that nothing was approved.
    package let back: Back?
    /// The request's id, which an operator finds in the log.
    package let reference: PlainText

    /// The way back to the app.
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

extension ErrorAnswers {
    /// The page for an authorization request that expired.
    func expired(back: String?, context: WebContext) -> Response {
        log.refused("the authorization request has expired", status: .gone, context)
        return html(ExpiredPage(back: back.flatMap { LinkTarget($0) }, reference: context.reference), status: .gone)
    }
}
