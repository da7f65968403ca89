/// The page for an authorization request that the user has already answered.
package struct FinishedPage: Page {
    package static let template = "finished"

    package let explanation: PlainText

    package init(explanation: PlainText = "You already answered this request. Opening it again changes nothing.") {
        self.explanation = explanation
    }

    package static let sample = FinishedPage()
}
