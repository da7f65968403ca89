import JOSE
import OAuth
import Storage

/// The value that a verification event carries, and that an MCP server returns with its own credentials. It proves that the
/// endpoint that received it belongs to that MCP server; otherwise a mistyped address would receive the events of another one.
///
/// The value derives from the event and the endpoint, so that every repetition of the event carries the same one and the database
/// contains none.
struct VerificationValue: Sendable {
    let keys: KeyRing

    /// The event as it is sent, with its value. Every other event stays as it is.
    func complete(_ event: SecurityEvent, to endpoint: String?) -> SecurityEvent {
        guard event.type == .verification else { return event }
        return SecurityEvent(
            id: event.id, type: event.type, issuedAt: event.issuedAt, about: event.about,
            transaction: event.transaction,
            payload: ["state": .string(value(of: event.id, endpoint, under: keys.secret(.form)))])
    }

    /// Whether `value` is that of the event. A value from before a rotation of the key counts while the old key lasts.
    func matches(_ value: String, _ event: SecurityEvent, to endpoint: String?) -> Bool {
        let digest = Digest.sha256(value)
        return keys.secrets(.form).contains { digest == .sha256(self.value(of: event.id, endpoint, under: $0)) }
    }

    private func value(of event: EventID, _ endpoint: String?, under key: NamedKey) -> String {
        let text = "gatehouse verification event\n\(event)\n\(endpoint ?? "")"
        return Base64URL.encode(HMAC.sha256(key: key.bytes, Array(text.utf8)))
    }
}
