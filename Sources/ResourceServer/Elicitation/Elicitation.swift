import JOSE
import OAuth

/// What a person was asked to do at a page of the authorization server, as it stands.
public struct Elicitation: Sendable, Hashable {
    /// The handle by which this MCP server asks about it; not part of the link.
    public let id: String
    /// The link for the person, which tells nothing and lets nobody in by itself; nil in answers that only tell the state.
    public let url: String?
    /// How far it is.
    public let status: ElicitationStatus
    /// Rises with each change.
    public let version: Int64
    /// When it ends if nobody acts, in seconds since 1970.
    public let expiresAt: Int64
    /// The digest of the action, as the authorization server computed it; nil in answers that only tell the state.
    public let digest: String?
    /// The signed event that says how it ended, as evidence to keep; nil while it is open.
    public let event: String?

    /// Reads an answer of the authorization server; nil when a member is missing.
    init?(_ object: JSONObject) {
        guard let id = object["id"]?.string, let status = object["status"]?.string.flatMap(ElicitationStatus.init),
            let version = object["version"]?.integer,
            let expiresAt = object["expires_at"]?.string.flatMap(Timestamp.init(rfc3339:))
        else { return nil }
        self.id = id
        self.status = status
        self.version = version
        self.expiresAt = expiresAt.seconds
        url = object["url"]?.string
        digest = object["digest"]?.string
        event = object["event"]?.string
    }
}

/// How far an elicitation is.
public enum ElicitationStatus: String, Sendable, CaseIterable {
    /// Nobody has opened the link.
    case pending
    /// The right person has the page before them.
    case opened
    /// The person did what was asked.
    case completed
    /// The person refused.
    case declined
    /// The MCP server, an admin or the end of the session took it back.
    case cancelled
    /// Nobody acted in time.
    case expired
    /// It could not be done.
    case failed

    /// Whether nothing can change any more.
    public var isFinal: Bool { self != .pending && self != .opened }
}
