import AuthorizationServer
import OAuth

/// The page for the outcome of an elicitation.
package struct ElicitationEndPage: Page {
    package static let template = "elicitation-end"

    /// The outcome in a few words.
    package let title: PlainText
    /// What the MCP server learns, and what happened.
    package let explanation: PlainText
    /// What the user can do next.
    package let advice: PlainText
    /// Whether the user has just approved the request on this page.
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

extension ElicitationEndPage {
    /// The page for the outcome of an elicitation.
    init(_ end: ElicitationEnd) {
        let text = end.text
        self.init(
            title: PlainText(text.title), explanation: PlainText(text.explanation, limit: 400),
            advice: PlainText("You can close this window and return to \(end.clientName).", limit: 300),
            isApproval: end.isJustNow && end.status == .completed)
    }
}
