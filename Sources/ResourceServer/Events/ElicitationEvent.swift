import JOSE
import OAuth

/// What a pushed event says about the end of an elicitation. Ask for the elicitation's status before acting on it: events
/// may come late, twice, or out of order.
public struct ElicitationEvent: Sendable, Hashable {
    /// The event's own identifier, the same whenever it is sent again.
    public let id: String
    /// The handle of the elicitation.
    public let elicitation: String
    /// How it ended.
    public let status: ElicitationStatus
    /// The elicitation's version at its end.
    public let version: Int64
    /// The person, as the authorization server names them to this MCP server.
    public let subject: String
    /// The client through which it was asked.
    public let clientID: String?
    /// The session in which it was asked.
    public let sessionID: String?
    /// The digest of the action, where it was one.
    public let digest: String?
    /// Whether the authorization server saw it itself, rather than being told.
    public let isWitnessed: Bool
    /// Why, as a code, where it was not the person who ended it.
    public let reason: String?
    /// When it happened, in seconds since 1970.
    public let issuedAt: Int64
}

/// The one event of a security event token, as far as it is understood here.
///
/// Spec: RFC 8417 §2.2
enum ReceivedEvent: Sendable, Equatable {
    case elicitation(ElicitationEvent)
    /// A session is over.
    case revocation(SessionRevocation)
    /// The transmitter wants to hear this text back.
    case verification(state: String)
    /// Another one, which is acknowledged and left alone.
    case other

    /// Reads the claims; nil when they are no event of one kind.
    init?(_ claims: JSONObject) {
        guard let events = claims["events"]?.object, events.members.count == 1,
            let (type, value) = events.members.first,
            let payload = value.object
        else { return nil }
        guard let type = SecurityEventType(rawValue: type) else {
            self = .other
            return
        }
        if type == .sessionRevoked {
            guard let event = SessionRevocation(claims, payload) else { return nil }
            self = .revocation(event)
            return
        }
        guard let status = ElicitationStatus(type) else {
            guard let state = payload["state"]?.string else { return nil }
            self = .verification(state: state)
            return
        }
        guard let event = ElicitationEvent(claims, payload, status) else { return nil }
        self = .elicitation(event)
    }
}

extension ElicitationStatus {
    /// The end that an event tells of; nil for events of another kind.
    fileprivate init?(_ type: SecurityEventType) {
        switch type {
        case .elicitationCompleted: self = .completed
        case .elicitationDeclined: self = .declined
        case .elicitationCancelled: self = .cancelled
        case .elicitationExpired: self = .expired
        case .elicitationFailed: self = .failed
        case .sessionRevoked, .verification: return nil
        }
    }
}

extension ElicitationEvent {
    fileprivate init?(_ claims: JSONObject, _ payload: JSONObject, _ status: ElicitationStatus) {
        guard let id = claims["jti"]?.string, let issuedAt = claims.date("iat"),
            let elicitation = payload["elicitation"]?.string, claims["txn"]?.string == elicitation,
            let version = payload["version"]?.integer, let subject = claims["sub_id"]?.object,
            subject["format"] == "iss_sub", subject["iss"] == claims["iss"], let person = subject["sub"]?.string
        else { return nil }
        self.init(
            id: id, elicitation: elicitation, status: status, version: version, subject: person,
            clientID: payload["client_id"]?.string, sessionID: payload["sid"]?.string,
            digest: payload["digest"]?.string, isWitnessed: payload["evidence"] == "witnessed",
            reason: payload["reason"]?.string, issuedAt: issuedAt)
    }
}
