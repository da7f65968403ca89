import JOSE
import OAuth

/// The end of an elicitation, as an event reports it. Request the elicitation's status before acting on it: events may arrive
/// late, twice or out of order.
public struct ElicitationEvent: Sendable, Hashable {
    /// The event's identifier (`jti`), unchanged when it is sent again.
    public let id: String
    /// The handle of the elicitation.
    public let elicitation: String
    /// The final state.
    public let status: ElicitationStatus
    /// The elicitation's final version.
    public let version: Int64
    /// The user's subject identifier.
    public let subject: String
    /// The client of the elicitation.
    public let clientID: String?
    /// The session of the elicitation.
    public let sessionID: String?
    /// The digest of the action; nil for kinds without one.
    public let digest: String?
    /// Whether the authorization server witnessed the outcome itself; false if it was reported.
    public let isWitnessed: Bool
    /// The reason code, if the user did not end it.
    public let reason: String?
    /// When the event was issued, in seconds since 1970.
    public let issuedAt: Int64
}

/// The event of a security event token, as far as this library knows it.
///
/// Spec: RFC 8417 §2.2
enum ReceivedEvent: Sendable, Equatable {
    case elicitation(ElicitationEvent)
    /// A session was revoked or has expired.
    case revocation(SessionRevocation)
    /// The transmitter verifies the stream: this state has to be returned.
    case verification(state: String)
    /// An unknown event, which is acknowledged and ignored.
    case other

    /// Parses the claims; nil unless they hold exactly one well-formed event.
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
    /// The final state of an elicitation event; nil for other events.
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
