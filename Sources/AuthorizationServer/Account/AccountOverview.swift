package import OAuth

/// The content of the account page. All of it comes from the database and nothing from the browser.
package struct AccountOverview: Sendable {
    /// An MCP server, as its operator registered it.
    package struct Server: Hashable, Sendable {
        package let name: String
        package let identifier: ResourceIdentifier
        /// The name of its operator.
        package let owner: String
    }

    /// A session that is neither revoked nor expired.
    package struct LiveSession: Sendable {
        package let id: SessionID
        /// The client of the session.
        package let app: ShownClient
        package let server: Server
        /// The descriptions of its scopes, or their names where the MCP server has no description.
        package let scopes: [String]
        /// The time of the approval.
        package let since: Timestamp
        /// Nil until the client redeems the authorization code.
        package let lastUsedAt: Timestamp?
        package let endsAt: Timestamp
        /// The time at which the session expires if it stays idle; nil if it expires earlier anyway.
        package let endsUnusedAt: Timestamp?
        /// Where the session began, if it began on a device without a browser.
        package let device: Device?
    }

    /// Where a session that a device began was requested and approved; an address is nil where the server did not learn it.
    package struct Device: Sendable {
        /// The IP address of the device.
        package let requestedFrom: String?
        /// The IP address of the browser in which the user approved.
        package let approvedFrom: String?
    }

    /// A background job, which an MCP server continues without its client.
    package struct OpenJob: Sendable {
        package let id: JobID
        package let server: Server
        /// The client in whose session the MCP server opened the job.
        package let app: ShownClient
        /// The purpose, as the MCP server describes it.
        package let purpose: String
        /// The actions that the job may start.
        package let actions: [ActionName]
        package let since: Timestamp
        package let endsAt: Timestamp
    }

    /// A connected account at a provider.
    package struct LiveConnection: Sendable {
        package let id: ConnectionID
        package let provider: ProviderName
        /// The MCP server that may use it.
        package let server: Server
        /// The scopes at the provider.
        package let scope: ScopeSet
        package let since: Timestamp
    }

    /// An elicitation of an MCP server, pending or ended.
    package struct ElicitationSummary: Sendable {
        /// The public id in the URL of its page.
        package let page: ElicitationPageID
        package let status: ElicitationStatus
        /// The outcome in one word if the user completed the elicitation.
        package let completedWord: String
        package let server: Server
        /// Nil when its session has been erased.
        package let app: ShownClient?
        /// The subject, as the MCP server describes it.
        package let text: String
        /// The time at which the MCP server created it.
        package let at: Timestamp
        /// The time at which it expires.
        package let until: Timestamp
    }

    /// One part of a list that is longer than a page.
    package struct ListPage<Item: Sendable, ID: Sendable>: Sendable {
        /// The entries of this part.
        package let items: [Item]
        /// The cursor of the next part; nil at the end of the list.
        package let more: ID?
        /// Whether the part begins with the newest entry.
        package let isFirst: Bool
    }

    package let username: String
    /// The token that each form must return.
    package let token: String
    /// Whether the sign-in is recent enough for all actions.
    package let isFresh: Bool
    /// Whether the user has a password that signs in here.
    package let hasPassword: Bool
    /// One part of the live sessions, newest first.
    package let sessions: ListPage<LiveSession, SessionID>
    /// The open jobs, of which those that expire first come first.
    package let jobs: [OpenJob]
    /// Whether the user has more open jobs than the page shows.
    package let hasMoreJobs: Bool
    /// The connected accounts, at most 100.
    package let connections: [LiveConnection]
    /// The pending elicitations, of which those that expire first come first.
    package let pending: [ElicitationSummary]
    /// One part of the ended elicitations of the last 30 days, newest first.
    package let recent: ListPage<ElicitationSummary, ElicitationPageID>
}
