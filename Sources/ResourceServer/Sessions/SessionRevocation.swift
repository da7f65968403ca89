import JOSE

/// What a pushed or fetched event says about the end of a session. Tokens of it are refused from then on by whoever was given
/// the receiver; a handler gets it to end what the MCP server itself still does for the session.
///
/// Spec: CAEP §3.1
public struct SessionRevocation: Sendable, Hashable {
    /// At whose will the session ended.
    public enum Initiator: String, Sendable {
        /// An administrator decided.
        case admin
        /// The person decided.
        case user
        /// A rule decided, such as that of tokens that come back.
        case policy
        /// A program asked for it: the client, or this MCP server itself.
        case system
    }

    /// The event's own identifier, the same whenever it is sent again.
    public let id: String
    /// The session, as tokens name it in `sid`; nil when the event names sessions in another way.
    public let sessionID: String?
    /// The person, as the authorization server names them to this MCP server.
    public let subject: String?
    /// At whose will it ended, if that is said.
    public let initiator: Initiator?
    /// Why, in English, for a log.
    public let reason: String?
    /// When the authorization server said so, in seconds since 1970.
    public let issuedAt: Int64

    /// Reads the claims of an event; nil when they do not say whom it is about.
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
