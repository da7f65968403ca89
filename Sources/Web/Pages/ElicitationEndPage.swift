/// Says what became of a request of an MCP server, and that nothing is left to do here.
package struct ElicitationEndPage: Page {
    package static let template = "elicitation-end"

    package let title: PlainText
    package let explanation: PlainText
    package let advice: PlainText
    /// The answer was taken just now, and it was yes.
    package let isApproval: Bool

    package init(title: PlainText, explanation: PlainText, advice: PlainText, isApproval: Bool = false) {
        self.title = title
        self.explanation = explanation
        self.advice = advice
        self.isApproval = isApproval
    }

    package static let sample = ElicitationEndPage(
        title: "Approved", explanation: "Gatehouse tells Team Files that you approved this one action.",
        advice: "You can close this window and return to Quill Notes.", isApproval: true)
}
