/// How a `ProtectedResource` finds out what an access token is worth.
public enum TokenVerification: Sendable {
    /// Ask the authorization server about every token, so that a session that was ended is refused at once.
    ///
    /// The credentials are those that `gatehouse resources add` printed.
    case introspection(clientID: String, clientSecret: String)
    /// Check signature and claims here: no question per request. A token of an ended session stays good until it expires,
    /// unless the `ProtectedResource` is given a receiver of events.
    case local

    /// How often keys and metadata are asked for, in seconds.
    enum Pace {
        /// A document that is younger is taken as it is.
        static let fresh: Int64 = 300
        /// A document that is older is not used any more, even if no newer one can be had.
        static let stale: Int64 = 3600
        /// The time between two fetches that a token with an unknown key can cause.
        static let attempts: Int64 = 60
        /// The time between two fetches while the authorization server fails.
        static let afterFailure: Int64 = 5
    }
}

extension TokenVerification: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the way; credentials are not part of it.
    public var description: String {
        switch self {
        case .introspection: "introspection"
        case .local: "local"
        }
    }
    /// The same as `description`.
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` finds no credentials.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
