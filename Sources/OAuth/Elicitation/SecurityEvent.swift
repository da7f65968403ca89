package import JOSE

/// The type of a security event: the URI in its `events` claim.
///
/// Spec: RFC 8417 §2.2
package enum SecurityEventType: String, Hashable, Sendable, CaseIterable {
    /// The user did what was asked.
    case elicitationCompleted = "urn:gatehouse:event:elicitation-completed"
    /// The user declined.
    case elicitationDeclined = "urn:gatehouse:event:elicitation-declined"
    /// The elicitation was cancelled.
    case elicitationCancelled = "urn:gatehouse:event:elicitation-cancelled"
    /// The elicitation expired.
    case elicitationExpired = "urn:gatehouse:event:elicitation-expired"
    /// The elicitation failed.
    case elicitationFailed = "urn:gatehouse:event:elicitation-failed"
    /// A session ended, and all its tokens with it.
    case sessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
    /// The receiver has to prove that it gets events.
    case verification = "https://schemas.openid.net/secevent/ssf/event-type/verification"

    /// The event of a final status; nil for a status that is not final.
    package init?(_ status: ElicitationStatus) {
        switch status {
        case .pending, .opened: return nil
        case .completed: self = .elicitationCompleted
        case .declined: self = .elicitationDeclined
        case .cancelled: self = .elicitationCancelled
        case .expired: self = .elicitationExpired
        case .failed: self = .elicitationFailed
        }
    }
}

/// A security event for one MCP server. Its identifier and claims are the same in every delivery.
///
/// Spec: RFC 8417 §2
package struct SecurityEvent: Hashable, Sendable {
    /// The `typ` header of the token.
    ///
    /// Spec: RFC 8417 §2.3
    package static let tokenType = "secevent+jwt"

    /// The subject of an event.
    package enum About: Hashable, Sendable {
        /// A user, by the `sub` of tokens.
        case person(Subject)
        /// A session, by the `sid` of its tokens, and its user or the client that acts for itself.
        case session(SessionID, of: TokenSubject)
        /// The event stream itself, by its MCP server.
        case stream(ResourceID)
    }

    /// The `jti` claim, by which receivers recognise repetitions.
    package let id: EventID
    /// The only member of the `events` claim.
    package let type: SecurityEventType
    /// The `iat` claim: when the cause was committed, not when the event is sent.
    package let issuedAt: Timestamp
    /// The `sub_id` claim.
    package let about: About
    /// The `txn` claim: the elicitation or the session that caused the event.
    package let transaction: String?
    /// The members of the event; never a secret.
    package let payload: JSONObject

    /// A new event, or one of the database under its old id.
    package init(
        id: EventID = .random(), type: SecurityEventType, issuedAt: Timestamp, about: About, transaction: String? = nil,
        payload: JSONObject
    ) {
        self.id = id
        self.type = type
        self.issuedAt = issuedAt
        self.about = about
        self.transaction = transaction
        self.payload = payload
    }

    /// The claims of the token for `audience`.
    package func claims(issuer: Issuer, audience: ResourceIdentifier) -> JSONObject {
        var claims: JSONObject = [
            "iss": .string(issuer.string), "aud": .string(audience.string), "iat": .integer(issuedAt.seconds),
            "jti": .string(id.string),
        ]
        claims["txn"] = transaction.map(JSON.string)
        claims["sub_id"] = .object(identifier(issuer: issuer))
        claims["events"] = .object([type.rawValue: .object(payload)])
        return claims
    }

    /// Spec: RFC 9493 §3
    private func identifier(issuer: Issuer) -> JSONObject {
        func named(_ subject: String) -> JSONObject {
            ["format": "iss_sub", "iss": .string(issuer.string), "sub": .string(subject)]
        }
        return switch about {
        case .person(let subject): named(subject.string)
        case .session(let session, let subject):
            [
                "format": "complex", "session": ["format": "opaque", "id": .string(session.string)],
                // A client that acts for itself is no user: receivers that look for one must not find it.
                subject.user == nil ? "application" : "user": .object(named(subject.string)),
            ]
        case .stream(let resource): ["format": "opaque", "id": .string(resource.string)]
        }
    }

    /// Two deliveries with the same id are the same event.
    package static func == (one: Self, other: Self) -> Bool { one.id == other.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
