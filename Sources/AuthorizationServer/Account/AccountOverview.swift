package import OAuth

/// Everything that the page of an account tells its person; nothing in it comes from the browser.
package struct AccountOverview: Sendable {
    /// An MCP server, as its operator registered it.
    package struct Server: Hashable, Sendable {
        package let name: String
        package let identifier: ResourceIdentifier
        /// The one accountable name behind it.
        package let owner: String
    }

    /// A client, by the name that the person was shown.
    package struct App: Hashable, Sendable {
        package let name: String
        /// The host of a metadata document's URL; nil when an operator registered the client.
        package let host: String?
    }

    /// A session that can still be used.
    package struct LiveSession: Sendable {
        package let id: SessionID
        package let app: App
        package let server: Server
        /// What it may do, in the MCP server's words where there are some.
        package let scopes: [String]
        package let since: Timestamp
        /// Nil while its client has not come for its first token.
        package let lastUsedAt: Timestamp?
        package let endsAt: Timestamp
        /// When it ends if nobody uses it, where that comes first.
        package let endsUnusedAt: Timestamp?
    }

    /// Work that an MCP server goes on with when its client is gone.
    package struct OpenJob: Sendable {
        package let id: JobID
        package let server: Server
        /// The client in whose session it was opened.
        package let app: App
        /// What it is for, in the MCP server's words.
        package let purpose: String
        /// What it may start.
        package let actions: [ActionName]
        package let since: Timestamp
        package let endsAt: Timestamp
    }

    /// An account at a provider.
    package struct LiveConnection: Sendable {
        package let id: ConnectionID
        package let provider: ProviderName
        /// The MCP server that may use it.
        package let server: Server
        package let scope: ScopeSet
        package let since: Timestamp
    }

    /// What an MCP server asks or asked.
    package struct Asked: Sendable {
        package let page: ElicitationPageID
        package let status: ElicitationStatus
        /// How it is called when the person did what was asked.
        package let completedWord: String
        package let server: Server
        /// Nil when its session is forgotten.
        package let app: App?
        /// What it is about, in the MCP server's words.
        package let text: String
        package let at: Timestamp
        package let until: Timestamp
    }

    /// A piece of a list that is longer than a page.
    package struct Piece<Item: Sendable, ID: Sendable>: Sendable {
        package let items: [Item]
        /// What the next piece is behind of; nil at the end.
        package let more: ID?
        /// It begins with the newest.
        package let isFirst: Bool
    }

    package let username: String
    /// The value that each form has to bring back.
    package let token: String
    /// Whether the sign-in is recent enough for every step.
    package let isFresh: Bool
    package let sessions: Piece<LiveSession, SessionID>
    /// What ends first comes first.
    package let jobs: [OpenJob]
    /// There are more jobs than are shown.
    package let hasMoreJobs: Bool
    package let connections: [LiveConnection]
    /// What waits for an answer; what ends first comes first.
    package let open: [Asked]
    package let past: Piece<Asked, ElicitationPageID>
}
