package import OAuth
import Storage

/// How an elicitation ended, for the user it was for.
package struct ElicitationEnd: Sendable {
    let elicitation: Elicitation
    /// The name of the MCP server that asked.
    package let serverName: String
    /// The name of the client in whose session the MCP server asked.
    package let clientName: String
    /// Whether this very request ended it. Otherwise it had ended before.
    package let isJustNow: Bool
    /// Whether the provider revoked the token that was not kept; nil when there was none, or when an earlier request
    /// ended the elicitation.
    var isTokenRevoked: Bool?

    /// The final status.
    package var status: ElicitationStatus { elicitation.status }
    /// The text of the page.
    package var text: ElicitationOutcomeText { elicitation.kind.strategy.outcomeText(for: self) }

    /// The end of `elicitation`, with the names of its MCP server and client.
    init(_ elicitation: Elicitation, isJustNow: Bool, in transaction: Transaction) throws {
        let (resource, session) = try elicitation.origin(in: transaction)
        self.init(
            elicitation: elicitation, serverName: resource.name, clientName: session.clientName, isJustNow: isJustNow)
    }

    init(elicitation: Elicitation, serverName: String, clientName: String, isJustNow: Bool) {
        self.elicitation = elicitation
        self.serverName = serverName
        self.clientName = clientName
        self.isJustNow = isJustNow
    }
}
