import JOSE

/// The HTTP response to a pushed event.
///
/// Spec: RFC 8935 §2.2
public struct EventReply: Sendable, Hashable {
    /// The status: 202 for an accepted event, 400 for a rejected one, 503 if it should be sent again.
    public let status: Int
    /// The header fields.
    public let fields: [String: String]
    /// The body: empty, or a JSON object with the error.
    public let body: [UInt8]
    /// Why the event was not accepted, for the log; nil if it was.
    public let reason: String?

    /// Spec: RFC 8935 §2.4
    enum ErrorCode: String {
        case invalidRequest = "invalid_request"
        case invalidKey = "invalid_key"
        case invalidIssuer = "invalid_issuer"
        case invalidAudience = "invalid_audience"
    }

    static let accepted = EventReply(status: 202, fields: ["Cache-Control": "no-store"], body: [], reason: nil)

    static func refused(_ code: ErrorCode, _ sentence: String) -> EventReply {
        let body: JSONObject = ["err": .string(code.rawValue), "description": .string(sentence)]
        let fields = ["Content-Type": "application/json", "Content-Language": "en", "Cache-Control": "no-store"]
        return EventReply(status: 400, fields: fields, body: body.bytes, reason: "\(code.rawValue): \(sentence)")
    }

    static func later(_ reason: String) -> EventReply {
        EventReply(status: 503, fields: ["Retry-After": "5", "Cache-Control": "no-store"], body: [], reason: reason)
    }
}
