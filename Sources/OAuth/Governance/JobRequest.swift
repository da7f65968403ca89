package import JOSE

/// What an MCP server sends to open a job: work that goes on in a person's name without the client.
package struct JobRequest: Sendable {
    /// The most actions that a job may name.
    static let mostActions = 20

    /// The person's access token for this very MCP server: the authority that the job keeps on record.
    package let subjectToken: String
    /// What it may start, in the order in which it was named.
    package let actions: [ActionName]
    /// What it is for, in words for the person.
    package let purpose: String
    /// When it is to end at the latest.
    package let expiresAt: Timestamp

    /// Reads the body of the request; a member that is not known is refused.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        try reader.allowOnly(["subject_token", "actions", "purpose", "expires_at"])
        subjectToken = try reader.text("subject_token", limit: 8192)
        actions = try reader.names("actions", limit: Self.mostActions).map { name throws(OAuthError) in
            do throws(OAuthValueError) {
                return try ActionName(name)
            } catch {
                throw OAuthError(.invalidRequest, error)
            }
        }
        purpose = try reader.text("purpose", limit: 200)
        guard let end = Timestamp(rfc3339: try reader.text("expires_at", limit: 40)) else {
            throw reader.refusal("expires_at", "has to be a time in UTC such as 2026-11-21T18:00:00Z.")
        }
        expiresAt = end
    }
}
