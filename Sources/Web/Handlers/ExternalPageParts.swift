import AuthorizationServer
import OAuth

extension ElicitationPage.Destination {
    /// Where an `external` leads; nil for the other kinds.
    init?(_ question: ElicitationQuestion) {
        guard case .external(let text) = question.ask, let url = try? ExternalURL(text) else { return nil }
        self.init(host: url.host, address: url.text, isThere: question.isThere)
    }
}

extension ElicitationEndPage {
    /// What a page says about a step on another site that is over.
    static func externalWords(_ end: ElicitationEnd) -> (PlainText, String) {
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.declined, true): ("Declined", "\(asker) is told that you declined. You were sent nowhere.")
        case (.completed, _): ("Already finished", "\(asker) reported that this is done.")
        case (.declined, false): ("Already declined", "This was declined before. Opening it again changed nothing.")
        case (.expired, _): ("Too late", "The time for this is over; \(asker) can ask again.")
        case (.cancelled, _): ("No longer asked", "\(asker) no longer waits for this.")
        default: ("This did not work", "The request of \(asker) failed; it can ask again.")
        }
    }
}
