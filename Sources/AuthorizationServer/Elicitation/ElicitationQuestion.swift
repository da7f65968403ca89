package import OAuth

/// Everything that the page of an open elicitation shows. None of it comes from the browser.
package struct ElicitationQuestion: Sendable {
    /// The MCP server that asks, and the organisation that is accountable for it.
    package struct Server: Sendable {
        /// The resource identifier of the MCP server.
        package let identifier: ResourceIdentifier
        /// The name that its operator registered.
        package let name: String
        /// The accountable owner that its operator registered.
        package let owner: String
    }

    /// The id in the address of the page.
    package let page: ElicitationPageID
    /// The token that the form sends with the decision.
    package let token: String
    /// The MCP server that asks.
    package let server: Server
    /// The client in whose session the MCP server asks.
    package let client: ShownClient
    /// When the user approved the session.
    package let since: Timestamp
    /// The name of the account that is signed in.
    package let username: String
    /// The message of the MCP server, as it wrote it.
    package let message: String
    /// The part of the page that belongs to the kind.
    package let section: any ElicitationSection
    /// When the elicitation expires.
    package let expiresAt: Timestamp
}
