package import OAuth

/// Everything the page of an elicitation tells its person; nothing in it comes from the browser.
package struct ElicitationQuestion: Sendable {
    /// The MCP server that asks, and who answers for it.
    package struct Asker: Sendable {
        package let identifier: ResourceIdentifier
        package let name: String
        package let owner: String
    }

    /// The client in whose session it is asked.
    package struct Through: Sendable {
        package let name: String
        /// The host of a metadata document's URL; nil when an operator registered the client.
        package let host: String?
        /// When the person approved that session.
        package let since: Timestamp
    }

    /// The account that is to be connected.
    package struct Connection: Sendable {
        package let provider: ProviderName
        /// Where the person will sign in.
        package let host: String
        /// What will be asked of the provider.
        package let scope: ScopeSet
    }

    package let page: ElicitationPageID
    /// The value that a decision has to bring back.
    package let token: String
    package let asker: Asker
    package let through: Through
    package let username: String
    package let message: String
    package let ask: ElicitationAsk
    /// What is to be connected, for that kind alone.
    package let connection: Connection?
    /// Until when an answer counts.
    package let expiresAt: Timestamp
    /// The person has arrived at the page that an `external` leads to.
    package let isThere: Bool
}

/// What became of an elicitation, for the person who was asked.
package struct ElicitationEnd: Sendable {
    package let kind: ElicitationKind
    package let status: ElicitationStatus
    /// The MCP server that asked, and the client through which it came about.
    package let asker: String
    package let through: String
    /// The provider, where an account was to be connected.
    package let provider: String?
    /// The person decided so by this very form.
    package let isJustNow: Bool
    /// The provider granted more than the MCP server may have.
    package let isScopeExceeded: Bool
    /// Whether the provider took back the token that was not kept; nil where none was, or where nobody knows any more.
    package var isTokenRevoked: Bool?
}
