package import JOSE
package import OAuth
package import Storage

/// The operator's settings for this server; every length of time is in seconds.
package struct Settings: Sendable {
    /// The lifetimes of tokens and codes.
    package struct Tokens: Sendable {
        /// The lifetime of an access token, in seconds, unless its session ends earlier.
        package var access: Int64
        /// The lifetime of an authorization code, in seconds.
        package var code: Int64
        /// For how many seconds a superseded refresh token is still answered, with its successor.
        package var refreshGrace: Int64

        /// Lifetimes as the configuration gives them.
        package init(access: Int64 = 600, code: Int64 = 60, refreshGrace: Int64 = 120) {
            self.access = access
            self.code = code
            self.refreshGrace = refreshGrace
        }
    }

    /// The lengths of sessions.
    package struct Sessions: Sendable {
        /// The lengths that the consent page offers, in seconds, shortest first.
        package var choices: [Int64]
        /// The length that is selected when the page opens, in seconds.
        package var preselected: Int64
        /// The idle timeout of a session, in seconds.
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

    /// The rules for clients.
    package struct Clients: Sendable {
        /// The shortest and the longest time, in seconds, for which a fetched metadata document is cached.
        package var documentCache: ClosedRange<Int64>
        /// Whether `http://localhost` redirects match on any port, which native apps need.
        package var localhostAnyPort: Bool
        /// Which clients may register themselves.
        package var registration: RegistrationMode
        /// Whether every client must push its authorization requests.
        package var requiresPushedRequests: Bool

        /// Rules as the configuration gives them.
        package init(
            documentCache: ClosedRange<Int64> = 60...86_400, localhostAnyPort: Bool = true,
            registration: RegistrationMode = .known, requiresPushedRequests: Bool = false
        ) {
            self.documentCache = documentCache
            self.localhostAnyPort = localhostAnyPort
            self.registration = registration
            self.requiresPushedRequests = requiresPushedRequests
        }
    }

    /// The rules for users.
    package struct Access: Sendable {
        /// Whether everybody may use a new MCP server until its policy says otherwise.
        package var opensNewResources: Bool

        /// Rules as the configuration gives them.
        package init(opensNewResources: Bool = true) { self.opensNewResources = opensNewResources }
    }

    /// The ways to sign in.
    package struct SignIn: Sendable {
        /// Whether users sign in by name and password.
        package var password: Bool

        /// Ways as the configuration gives them.
        package init(password: Bool = true) { self.password = password }
    }

    /// This server's issuer identifier, from which every URL of the server is made.
    package var issuer: Issuer
    /// Whether an issuer with a path also publishes its metadata at the root of its host.
    package var metadataAtRoot: Bool
    /// The MCP server of requests that name none; nil if the operator chose none.
    package var defaultResource: ResourceIdentifier?
    /// The lifetimes of tokens and codes.
    package var tokens: Tokens
    /// The lengths that users can choose, and the idle timeout.
    package var sessions: Sessions
    /// The rules for clients.
    package var clients: Clients
    /// The rules for users.
    package var access: Access
    /// The ways to sign in.
    package var signIn: SignIn
    /// How long finished rows are kept.
    package var retention = Retention()
    /// Members that the metadata has besides its own.
    package var additionalMetadata = JSONObject()

    /// Settings with the defaults of the configuration's documentation.
    package init(
        issuer: Issuer, metadataAtRoot: Bool = false, defaultResource: ResourceIdentifier? = nil,
        tokens: Tokens = Tokens(), sessions: Sessions = Sessions(), clients: Clients = Clients(),
        access: Access = Access(),
        signIn: SignIn = SignIn()
    ) {
        self.issuer = issuer
        self.metadataAtRoot = metadataAtRoot
        self.defaultResource = defaultResource
        self.tokens = tokens
        self.sessions = sessions
        self.clients = clients
        self.access = access
        self.signIn = signIn
    }
}
