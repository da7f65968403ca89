import JOSE
import OAuth

/// The current state of a request to a user on a page of the authorization server.
public struct Elicitation: Sendable, Hashable {
    /// The handle for requests of this MCP server; not part of the link.
    public let id: String
    /// The link for the user, which neither reveals nor grants anything by itself; nil in responses with the state only.
    public let url: String?
    /// The state.
    public let status: ElicitationStatus
    /// A number that increases with each change.
    public let version: Int64
    /// When it expires unless the user acts, in seconds since 1970.
    public let expiresAt: Int64
    /// The digest that the authorization server computed; nil in responses with the state only.
    public let digest: String?
    /// The signed event of its end, as evidence to keep; nil while it is open.
    public let event: String?

    /// Parses a response of the authorization server; nil when a member is missing.
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

/// The state of an elicitation.
public enum ElicitationStatus: String, Sendable, CaseIterable {
    /// The link has not been opened.
    case pending
    /// The user has opened the page.
    case opened
    /// The user did what was requested.
    case completed
    /// The user declined.
    case declined
    /// The MCP server, an admin or the end of the session cancelled it.
    case cancelled
    /// The user did not act in time.
    case expired
    /// The request could not be fulfilled.
    case failed

    /// Whether the state is final.
    public var isFinal: Bool { self != .pending && self != .opened }
}
