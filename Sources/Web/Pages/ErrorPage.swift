/// Says in one sentence what went wrong and in another what to do.
package struct ErrorPage: Page {
    package static let template = "error"

    package let title: PlainText
    package let explanation: PlainText
    package let advice: PlainText
    /// The request's id, which an operator finds in the log.
    package let reference: PlainText

    package init(title: PlainText, explanation: PlainText, advice: PlainText, reference: String) {
        self.title = title
        self.explanation = explanation
        self.advice = advice
        self.reference = PlainText(verbatim: reference)
    }

    package static let sample = ErrorPage(
        title: "Request failed", explanation: "The app is not known here.",
        advice: "Return to the app and start again.", reference: "sample")
}
