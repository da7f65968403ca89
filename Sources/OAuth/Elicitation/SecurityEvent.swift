package import JOSE

/// The kind of a security event, by the URI that stands in `events`.
///
/// Spec: RFC 8417 §2.2
package enum SecurityEventType: String, Hashable, Sendable, CaseIterable {
    /// The person did what was asked.
    case elicitationCompleted = "urn:gatehouse:event:elicitation-completed"
    /// The person said no.
    case elicitationDeclined = "urn:gatehouse:event:elicitation-declined"
    /// It was taken back.
    case elicitationCancelled = "urn:gatehouse:event:elicitation-cancelled"
    /// Its time ran out.
    case elicitationExpired = "urn:gatehouse:event:elicitation-expired"
    /// It could not be carried out.
    case elicitationFailed = "urn:gatehouse:event:elicitation-failed"
    /// A session is over, and every token of it.
    case sessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
    /// Asks the receiver to show that it is there and who it is.
    case verification = "https://schemas.openid.net/secevent/ssf/event-type/verification"

    /// The event that tells of a final status; nil for one that is not final.
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

/// Something that an MCP server is told, once and for good: its identifier and its claims are the same in every delivery.
///
/// Spec: RFC 8417 §2
package struct SecurityEvent: Hashable, Sendable {
    /// `typ` of the token's header.
    ///
    /// Spec: RFC 8417 §2.3
    package static let tokenType = "secevent+jwt"

    /// Whom an event is about.
    package enum About: Hashable, Sendable {
        /// A person, as tokens name them.
        case person(Subject)
        /// A session, named by the `sid` of its tokens, and the person whose it is.
        case session(SessionID, of: Subject)
        /// The stream of events itself, named by the MCP server that it is for.
        case stream(ResourceID)
    }

    package let id: EventID
    package let type: SecurityEventType
    package let issuedAt: Timestamp
    package let about: About
    /// What groups events of one cause: the elicitation, or the session.
    package let transaction: String?
    /// What the event says besides; no secret is ever in it.
    package let payload: JSONObject

    /// An event as it is to be told.
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

    /// The payload of the token that tells `audience` of it.
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
        func person(_ subject: Subject) -> JSONObject {
            ["format": "iss_sub", "iss": .string(issuer.string), "sub": .string(subject.string)]
        }
        return switch about {
        case .person(let subject): person(subject)
        case .session(let session, let subject):
            [
                "format": "complex", "session": ["format": "opaque", "id": .string(session.string)],
                "user": .object(person(subject)),
            ]
        case .stream(let resource): ["format": "opaque", "id": .string(resource.string)]
        }
    }

    package static func == (one: Self, other: Self) -> Bool { one.id == other.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
