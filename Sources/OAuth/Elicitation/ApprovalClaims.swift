package import JOSE

/// The claims of a signed approval: the user approved this action, through this client, in this session, for this MCP
/// server. Each approval is handed out once.
package struct ApprovalClaims: Hashable, Sendable {
    /// The `typ` header of an approval.
    package static let type = "gatehouse-approval+jwt"
    /// How long an approval is valid after it was handed out, in seconds.
    package static let lifetime: Int64 = 300

    /// `iss`: the issuer that signed the approval.
    package var issuer: Issuer
    /// `sub`: the user who approved.
    package var subject: Subject
    /// `aud`: the MCP server that asked.
    package var audience: ResourceIdentifier
    /// `client_id`: the client in whose session the MCP server asked.
    package var clientID: ClientID
    /// `sid`: the session in which the user approved.
    package var sessionID: SessionID
    /// `elicitation`: the elicitation that asked for the approval.
    package var elicitation: ElicitationID
    /// The name of the action.
    package var action: String
    /// The digest of the action.
    package var digest: Digest
    /// `jti`: a random value, by which an MCP server recognises a repeated approval.
    package var tokenID: String
    /// `iat`: when the approval was handed out.
    package var issuedAt: Timestamp
    /// `exp`: when the approval expires.
    package var expiresAt: Timestamp
    /// When the user signed in.
    package var authTime: Timestamp

    /// The claims of one approval.
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
                throw OAuthValueError("The approval lacks \(name), which must be a string.")
            }
            return text
        }
        func time(_ name: String) throws(OAuthValueError) -> Timestamp {
            guard let seconds = claims[name]?.integer else {
                throw OAuthValueError("The approval lacks \(name), which must be a whole number of seconds.")
            }
            return Timestamp(seconds: seconds)
        }
        guard let subject = Subject(try text("sub")), let session = SessionID(try text("sid")),
            let elicitation = ElicitationID(try text("elicitation")),
            let digest = Base64URL.decode(try text("digest")).flatMap({ Digest(bytes: $0) })
        else { throw OAuthValueError("The approval lacks a valid sub, sid, elicitation or digest.") }
        try self.init(
            issuer: Issuer(text("iss")), subject: subject, audience: ResourceIdentifier(text("aud")),
            clientID: ClientID(text("client_id")), sessionID: session, elicitation: elicitation, action: text("action"),
            digest: digest, tokenID: text("jti"), issuedAt: time("iat"), expiresAt: time("exp"),
            authTime: time("auth_time"))
    }
}
