import OAuth

/// What a verified token allows: whose it is, through which client and session, and which scopes it carries.
public struct Access: Sendable, Hashable {
    /// The person, as the authorization server names them to this MCP server.
    public let subject: String
    /// The client that presented the token.
    public let clientID: String
    /// The session behind the token, by which an admin can end it.
    public let sessionID: String?
    /// The scopes that were granted, those they imply included.
    public let scopes: Set<String>
    /// When the token ends, in seconds since 1970.
    public let expiresAt: Int64
    /// When the person signed in, in seconds since 1970; nil where nobody said.
    public internal(set) var authenticatedAt: Int64?
    /// How the person signed in, in the authorization server's word for it (`acr`); nil where nobody said.
    public internal(set) var acr: String?
    /// When the token was issued, in seconds since 1970; nil where nobody said.
    var issuedAt: Int64?
    /// The token itself, which alone proves to the authorization server that the person is there.
    var token: PresentedToken?

    /// Whether every one of these scopes was granted.
    public func allows(_ required: some Sequence<String>) -> Bool {
        required.allSatisfy(scopes.contains)
    }
}

/// A token as it was presented; nothing prints it.
struct PresentedToken: Hashable, Sendable, RedactedCredential {
    let text: String
}
