import JOSE
import OAuth

/// An open elicitation in the list, with whom it is for, so that a server that lost its memory finds it again.
public struct OpenElicitation: Sendable, Hashable {
    /// Its state, with the link.
    public let elicitation: Elicitation
    /// The user's subject identifier.
    public let subject: String
    /// The client in whose session it was created.
    public let clientID: String
    /// The session that it belongs to.
    public let sessionID: String
    /// The key of the request that created it, if it had one.
    public let idempotencyKey: String?

    /// Parses an entry; nil when a member is missing.
    init?(_ object: JSONObject) {
        guard let elicitation = Elicitation(object), let subject = object["subject"]?.string,
            let clientID = object["client_id"]?.string, let sessionID = object["session_id"]?.string
        else { return nil }
        self.elicitation = elicitation
        self.subject = subject
        self.clientID = clientID
        self.sessionID = sessionID
        idempotencyKey = object["idempotency_key"]?.string
    }
}

extension Elicitations {
    /// All open elicitations of this MCP server, oldest first. One that is created meanwhile may be missing.
    public func open() async throws(ElicitationError) -> [OpenElicitation] {
        var found: [OpenElicitation] = []
        var query = ""
        repeat {
            let page = try await authority.ask(.get, "/elicitations" + query)
            guard let entries = page["elicitations"]?.array else {
                throw ElicitationError(.unavailable, "The authorization server's response is not a list.")
            }
            found += entries.compactMap { $0.object.flatMap(OpenElicitation.init) }
            query = page["next"]?.string.map { "?after=" + PercentEncoding.encode($0) } ?? ""
        } while !query.isEmpty
        return found
    }
}
