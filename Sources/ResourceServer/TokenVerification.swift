/// How a `ProtectedResource` verifies access tokens.
public enum TokenVerification: Sendable {
    /// By a request to the introspection endpoint for every token: a revoked session is refused immediately.
    ///
    /// `gatehouse resources add` prints the credentials.
    case introspection(clientID: String, clientSecret: String)
    /// The same for an MCP server with a key, whose public half `gatehouse resources add --jwks` registered.
    case introspectionByKey(clientID: String, privateKey: ServerPrivateKey)
    /// By signature and claims, without a request per token. A token of a revoked session is accepted until it expires, unless
    /// the `ProtectedResource` has an `EventReceiver`.
    case local

    /// How often key set and metadata are fetched, in seconds.
    enum Pace {
        /// A younger document is used without a fetch.
        static let fresh: Int64 = 300
        /// An older document is no longer used, even if fetching fails.
        static let stale: Int64 = 3600
        /// The least time between two fetches because of an unknown key.
        static let attempts: Int64 = 60
        /// The least time between two fetches while they fail.
        static let afterFailure: Int64 = 5
    }
}

extension TokenVerification: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the method, without credentials.
    public var description: String {
        switch self {
        case .introspection, .introspectionByKey: "introspection"
        case .local: "local"
        }
    }
    /// The same as `description`.
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` finds no credentials.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
