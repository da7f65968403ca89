import JOSE
import OAuth

/// Work that goes on in a person's name when the client is gone, on the authority of the session that it was opened in.
public struct Job: Sendable, Hashable {
    /// The handle by which this MCP server asks in its name; worth nothing to another.
    public let id: String
    /// What it may start.
    public let actions: [String]
    /// What it is for.
    public let purpose: String
    /// When it ends at the latest, in seconds since 1970: never later than its session.
    public let expiresAt: Int64
    /// Whether it goes on.
    public let isOpen: Bool

    /// Reads an answer of the authorization server; nil when a member is missing.
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
