/// An error page: the problem in one sentence, and the remedy in another.
package struct ErrorPage: Page {
    package static let template = "error"

    package let title: PlainText
    package let explanation: PlainText
    package let advice: PlainText
    /// The request id, by which an operator finds the log line.
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
