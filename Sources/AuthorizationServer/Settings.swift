package import OAuth

/// What an operator has decided for this server, in the units the decisions use (seconds).
package struct Settings: Sendable {
    /// How long each kind of token or code lives.
    package struct Tokens: Sendable {
        /// Seconds an access token lives, unless its session ends earlier.
        package var access: Int64
        /// Seconds an authorization code may be redeemed.
        package var code: Int64
        /// Seconds in which a superseded refresh token is answered with its successor.
        package var refreshGrace: Int64

        /// Lifetimes as the configuration gives them.
        package init(access: Int64 = 600, code: Int64 = 60, refreshGrace: Int64 = 120) {
            self.access = access
            self.code = code
            self.refreshGrace = refreshGrace
        }
    }

    /// How long a person may let a session last.
    package struct Sessions: Sendable {
        /// The choices on the consent page, in seconds, shortest first.
        package var choices: [Int64]
        /// The choice that is ticked when the page opens.
        package var preselected: Int64
        /// Seconds without any use after which a session is over.
        package var idle: Int64

        /// Choices as the configuration gives them.
        package init(
            choices: [Int64] = [3600, 43_200, 2_592_000], preselected: Int64 = 43_200, idle: Int64 = 1_209_600
        ) {
            self.choices = choices
            self.preselected = preselected
            self.idle = idle
        }
    }

    /// How clients are learnt.
    package struct Clients: Sendable {
        /// Shortest and longest time, in seconds, that a fetched document is used without asking again.
        package var documentCache: ClosedRange<Int64>
        /// Whether `http://localhost` redirects match on any port, as native apps need.
        package var localhostAnyPort: Bool

        /// Rules as the configuration gives them.
        package init(documentCache: ClosedRange<Int64> = 60...86_400, localhostAnyPort: Bool = true) {
            self.documentCache = documentCache
            self.localhostAnyPort = localhostAnyPort
        }
    }

    /// This server's identifier, the only source of every URL it names.
    package var issuer: Issuer
    /// Whether an issuer with a path publishes its metadata at the root of its host too.
    package var metadataAtRoot: Bool
    /// The MCP server meant by requests that name none, if the operator chose one.
    package var defaultResource: ResourceIdentifier?
    package var tokens: Tokens
    package var sessions: Sessions
    package var clients: Clients

    /// Settings with the defaults of the configuration's documentation.
    package init(
        issuer: Issuer, metadataAtRoot: Bool = false, defaultResource: ResourceIdentifier? = nil,
        tokens: Tokens = Tokens(), sessions: Sessions = Sessions(), clients: Clients = Clients()
    ) {
        self.issuer = issuer
        self.metadataAtRoot = metadataAtRoot
        self.defaultResource = defaultResource
        self.tokens = tokens
        self.sessions = sessions
        self.clients = clients
    }
}
