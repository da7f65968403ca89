package import JOSE

/// What a signed approval says: this person approved this action, through this client, in this session, for this MCP
/// server, a moment ago. It is handed out once.
package struct ApprovalClaims: Hashable, Sendable {
    /// `typ` of the approval's header.
    package static let type = "gatehouse-approval+jwt"
    /// Seconds that an approval may be used after it was handed out.
    package static let lifetime: Int64 = 300

    package var issuer: Issuer
    package var subject: Subject
    package var audience: ResourceIdentifier
    package var clientID: ClientID
    package var sessionID: SessionID
    package var elicitation: ElicitationID
    /// The name of the action.
    package var action: String
    /// The digest of the action.
    package var digest: Digest
    package var tokenID: String
    package var issuedAt: Timestamp
    package var expiresAt: Timestamp
    /// When the person signed in.
    package var authTime: Timestamp

    /// Puts the claims of one approval together.
    package init(
        issuer: Issuer, subject: Subject, audience: ResourceIdentifier, clientID: ClientID, sessionID: SessionID,
        elicitation: ElicitationID, action: String, digest: Digest, tokenID: String, issuedAt: Timestamp,
        expiresAt: Timestamp, authTime: Timestamp
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.clientID = clientID
        self.sessionID = sessionID
        self.elicitation = elicitation
        self.action = action
        self.digest = digest
        self.tokenID = tokenID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.authTime = authTime
    }

    /// The claims as the payload of a token.
    package var claims: JSONObject {
        [
            "iss": .string(issuer.string), "sub": .string(subject.string), "aud": .string(audience.string),
            "client_id": .string(clientID.string), "sid": .string(sessionID.string), "jti": .string(tokenID),
            "iat": .integer(issuedAt.seconds), "exp": .integer(expiresAt.seconds),
            "auth_time": .integer(authTime.seconds), "elicitation": .string(elicitation.string),
            "action": .string(action), "digest": .string(digest.base64URL),
        ]
    }

    /// Reads the payload of an approval whose signature has been verified.
    package init(claims: JSONObject) throws(OAuthValueError) {
        func text(_ name: String) throws(OAuthValueError) -> String {
            guard let text = claims[name]?.string else {
                throw OAuthValueError("The approval lacks \(name), which has to be a string.")
            }
            return text
        }
        func time(_ name: String) throws(OAuthValueError) -> Timestamp {
            guard let seconds = claims[name]?.integer else {
                throw OAuthValueError("The approval lacks \(name), which has to be a whole number of seconds.")
            }
            return Timestamp(seconds: seconds)
        }
        guard let subject = Subject(try text("sub")), let session = SessionID(try text("sid")),
            let elicitation = ElicitationID(try text("elicitation")),
            let digest = Base64URL.decode(try text("digest")).flatMap({ Digest(bytes: $0) })
        else { throw OAuthValueError("The approval names no subject, session and digest of this kind of server.") }
        try self.init(
            issuer: Issuer(text("iss")), subject: subject, audience: ResourceIdentifier(text("aud")),
            clientID: ClientID(text("client_id")), sessionID: session, elicitation: elicitation, action: text("action"),
            digest: digest, tokenID: text("jti"), issuedAt: time("iat"), expiresAt: time("exp"),
            authTime: time("auth_time"))
    }
}
