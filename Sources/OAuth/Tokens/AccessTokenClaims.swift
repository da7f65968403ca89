package import JOSE

/// The claims of an access token: one client, in the name of one user or in its own, one MCP server, one session.
///
/// Spec: RFC 9068 §2.2
package struct AccessTokenClaims: Hashable, Sendable {
    /// `typ` of the token's header.
    ///
    /// Spec: RFC 9068 §2.1
    package static let type = "at+jwt"

    /// `iss`
    package var issuer: Issuer
    /// `sub`, and `gatehouse:actor` for a client that acts for itself.
    package var subject: TokenSubject
    /// `aud`, in the registered spelling.
    package var audience: ResourceIdentifier
    /// `client_id`
    package var clientID: ClientID
    /// `sid`
    package var sessionID: SessionID
    /// `scope`
    package var scope: ScopeSet
    /// `jti`
    package var tokenID: String
    /// `iat`
    package var issuedAt: Timestamp
    /// `exp`
    package var expiresAt: Timestamp
    /// `auth_time`; nil for a client that acts for itself.
    package var authTime: Timestamp?
    /// `acr`
    package var acr: AuthenticationContext?
    /// `cnf`: the thumbprint of the key that must sign each request; nil for a bearer token.
    ///
    /// Spec: RFC 9449 §6.1
    package var keyThumbprint: KeyThumbprint?

    /// Makes the claims of one token.
    package init(
        issuer: Issuer, subject: TokenSubject, audience: ResourceIdentifier, clientID: ClientID, sessionID: SessionID,
        scope: ScopeSet, tokenID: String, issuedAt: Timestamp, expiresAt: Timestamp, authTime: Timestamp?,
        acr: AuthenticationContext?, keyThumbprint: KeyThumbprint? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.clientID = clientID
        self.sessionID = sessionID
        self.scope = scope
        self.tokenID = tokenID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.authTime = authTime
        self.acr = acr
        self.keyThumbprint = keyThumbprint
    }

    /// The claims as the payload of a token.
    package var claims: JSONObject {
        var claims = JSONObject()
        claims[.issuer] = .string(issuer.string)
        claims[.subject] = .string(subject.string)
        claims[.audience] = .string(audience.string)
        claims[.clientID] = .string(clientID.string)
        claims[.sessionID] = .string(sessionID.string)
        claims[.scope] = .string(scope.string)
        claims[.tokenID] = .string(tokenID)
        claims[.issuedAt] = .integer(issuedAt.seconds)
        claims[.expiresAt] = .integer(expiresAt.seconds)
        claims[.authTime] = authTime.map { .integer($0.seconds) }
        claims[.acr] = acr.map { .string($0.rawValue) }
        claims[.confirmation] = keyThumbprint?.confirmation
        if case .client = subject { claims[.actor] = .string(TokenSubject.clientActor) }
        return claims
    }

    /// Parses the payload of a token whose signature is verified; unknown claims are ignored.
    package init(claims: JSONObject) throws(OAuthValueError) {
        issuer = try Issuer(claims.text(.issuer))
        audience = try ResourceIdentifier(claims.text(.audience))
        clientID = try ClientID(claims.text(.clientID))
        scope = try ScopeSet(parsing: claims.text(.scope))
        tokenID = try claims.text(.tokenID)
        issuedAt = try claims.time(.issuedAt)
        expiresAt = try claims.time(.expiresAt)
        acr = claims[.acr]?.string.map(AuthenticationContext.init(rawValue:))
        keyThumbprint = try KeyThumbprint(confirmation: claims[.confirmation])
        guard let subject = try claims.subject(of: clientID), let session = SessionID(try claims.text(.sessionID))
        else { throw OAuthValueError("The token names no subject and session of this kind of server.") }
        // Only a client that acts for itself has a token without a sign-in.
        authTime = subject.user == nil ? nil : try claims.time(.authTime)
        self.subject = subject
        self.sessionID = session
    }
}

extension JSONObject {
    subscript(name: ClaimName) -> JSON? {
        get { self[name.rawValue] }
        set { self[name.rawValue] = newValue }
    }

    /// The subject of a token for `client`; nil if `sub` and `gatehouse:actor` do not belong together.
    fileprivate func subject(of client: ClientID) throws(OAuthValueError) -> TokenSubject? {
        let text = try text(.subject)
        switch self[.actor] {
        case nil: return Subject(text).map { .user($0) }
        case .string(TokenSubject.clientActor): return text == client.string ? .client(client) : nil
        default: return nil
        }
    }

    fileprivate func text(_ name: ClaimName) throws(OAuthValueError) -> String {
        guard let text = self[name]?.string else {
            throw OAuthValueError("The token lacks \(name.rawValue), which must be a string.")
        }
        return text
    }

    fileprivate func time(_ name: ClaimName) throws(OAuthValueError) -> Timestamp {
        guard let seconds = self[name]?.integer else {
            throw OAuthValueError("The token lacks \(name.rawValue), which must be a whole number of seconds.")
        }
        return Timestamp(seconds: seconds)
    }
}
