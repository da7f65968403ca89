package import OAuth
import Storage

/// Everything the page of an elicitation tells its person; nothing in it comes from the browser.
package struct ElicitationQuestion: Sendable {
    /// The MCP server that asks, and who answers for it.
    package struct Asker: Sendable {
        package let identifier: ResourceIdentifier
        package let name: String
        package let owner: String
    }

    /// The client in whose session it is asked.
    package struct RequestingClient: Sendable {
        package let name: String
        /// The host of a metadata document's URL; nil when an operator registered the client.
        package let host: String?
        /// When the person approved that session.
        package let since: Timestamp
    }

    package let page: ElicitationPageID
    /// The value that a decision has to bring back.
    package let token: String
    package let asker: Asker
    package let through: RequestingClient
    package let username: String
    package let message: String
    /// What is asked, as its kind shows it.
    package let part: any ElicitationSection
    /// Until when an answer counts.
    package let expiresAt: Timestamp
}

/// What became of an elicitation, for the person who was asked.
package struct ElicitationEnd: Sendable {
    let asked: Elicitation
    /// The MCP server that asked, and the client through which it came about.
    package let asker: String
    package let through: String
    /// The person decided so by this very form.
    package let isJustNow: Bool
    /// Whether the provider took back the token that was not kept; nil where none was, or where nobody knows any more.
    var isTokenRevoked: Bool?

    /// How it ended.
    package var status: ElicitationStatus { asked.status }
    /// What its page says.
    package var words: ElicitationOutcomeText { asked.kind.strategy.words(for: self) }
}
