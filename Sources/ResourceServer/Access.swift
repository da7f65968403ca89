import OAuth

/// The access that a verified token grants: its user, client, session and scopes.
///
/// A client that acts for itself has no user: `isClient` says so.
public struct Access: Sendable, Hashable {
    /// The user's subject identifier (`sub`); the client's id for a client that acts for itself.
    public let subject: String
    /// The client that the token was issued to.
    public let clientID: String
    /// Whether the client acts for itself (`gatehouse:actor`), so that there is no user to act for, to ask or to bill.
    public internal(set) var isClient = false
    /// The session of the token (`sid`), which an admin can revoke.
    public let sessionID: String?
    /// The granted scopes and all scopes that they imply.
    public let scopes: Set<String>
    /// When the token expires, in seconds since 1970.
    public let expiresAt: Int64
    /// When the user signed in (`auth_time`), in seconds since 1970; nil if the token does not say.
    public internal(set) var authenticatedAt: Int64?
    /// The authentication context class of the sign-in (`acr`); nil if the token does not say.
    public internal(set) var acr: String?
    /// The thumbprint of the client's key that the token is bound to (`cnf`), which the request proved; nil for a bearer token.
    public internal(set) var keyThumbprint: String?
    /// When the token was issued (`iat`), in seconds since 1970; nil if the token does not say.
    var issuedAt: Int64?
    /// The token itself, which proves the user's presence to the authorization server.
    var token: PresentedToken?

    /// Whether every required scope is granted.
    public func allows(_ required: some Sequence<String>) -> Bool {
        required.allSatisfy(scopes.contains)
    }
}

/// A token as the client presented it; nothing prints it.
struct PresentedToken: Hashable, Sendable, RedactedCredential {
    let text: String
}
