import JOSE
import OAuth

/// Background work for a user after the call has returned, authorized by the session that it was opened in.
public struct Job: Sendable, Hashable {
    /// The handle for decisions; useless without this MCP server's credentials.
    public let id: String
    /// The names of the permitted actions.
    public let actions: [String]
    /// The purpose that the user sees.
    public let purpose: String
    /// When it expires, in seconds since 1970; never later than its session.
    public let expiresAt: Int64
    /// Whether it is open.
    public let isOpen: Bool

    /// Parses a response of the authorization server; nil when a member is missing.
    init?(_ object: JSONObject) {
        guard let id = object["id"]?.string, let actions = object["actions"]?.strings,
            let purpose = object["purpose"]?.string, let status = object["status"]?.string,
            let expiresAt = object["expires_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        else { return nil }
        self.id = id
        self.actions = actions
        self.purpose = purpose
        self.expiresAt = expiresAt.seconds
        isOpen = status == "open"
    }
}
