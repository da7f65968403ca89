import JOSE

/// The end of a session, as an event reports it. A `ProtectedResource` with the receiver refuses the session's tokens from then
/// on; the handler stops the MCP server's own work for the session.
///
/// Spec: CAEP §3.1
public struct SessionRevocation: Sendable, Hashable {
    /// Who caused the end.
    public enum Initiator: String, Sendable {
        /// An administrator.
        case admin
        /// The user.
        case user
        /// A rule, such as refresh token reuse.
        case policy
        /// A program: the client, or this MCP server itself.
        case system
    }

    /// The event's identifier (`jti`), unchanged when it is sent again.
    public let id: String
    /// The session (`sid`); nil when the event identifies sessions in another way.
    public let sessionID: String?
    /// The user's subject identifier.
    public let subject: String?
    /// Who caused the end, if the event says so.
    public let initiator: Initiator?
    /// The reason in English, for a log.
    public let reason: String?
    /// When the event was issued, in seconds since 1970.
    public let issuedAt: Int64

    /// Parses the claims of an event; nil without a subject.
    init?(_ claims: JSONObject, _ payload: JSONObject) {
        guard let id = claims["jti"]?.string, let issuedAt = claims.date("iat"),
            let identifier = claims["sub_id"]?.object, let format = identifier["format"]?.string
        else { return nil }
        let isComplex = format == "complex"
        let session = isComplex ? identifier["session"]?.object : identifier
        let user = isComplex ? identifier["user"]?.object : nil
        self.id = id
        self.issuedAt = issuedAt
        sessionID = session?["format"] == "opaque" ? session?["id"]?.string : nil
        subject = user?["format"] == "iss_sub" && user?["iss"] == claims["iss"] ? user?["sub"]?.string : nil
        initiator = payload["initiating_entity"]?.string.flatMap(Initiator.init)
        reason = payload["reason_admin"]?.object?["en"]?.string
    }
}
