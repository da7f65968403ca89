/// Says that a request was decided before, so that going back and sending again does nothing.
package struct FinishedPage: Page {
    package static let template = "finished"

    package let explanation: PlainText

    package init(explanation: PlainText = "This request was already answered. Nothing was changed by opening it again.")
    {
        self.explanation = explanation
    }

    package static let sample = FinishedPage()
}
