package import JOSE

/// The request of an MCP server that opens a job: work in a user's name that goes on without the client.
package struct JobRequest: Sendable {
    /// The largest number of actions of a job.
    static let mostActions = 20
    /// The lifetimes that a request may name, in seconds. The end of the session is the real limit, years before the longest.
    private static let lifetimes: ClosedRange<Int64> = 1...315_360_000

    /// The user's access token for this MCP server. The job keeps its authority.
    package let subjectToken: String
    /// The actions that the job may perform, in the order of the request.
    package let actions: [ActionName]
    /// The purpose, for the user.
    package let purpose: String
    /// The latest end of the job.
    package let expiresAt: Timestamp

    /// Reads the body of the request; an unknown member is refused.
    package init(json: JSONObject, now: Timestamp) throws(OAuthError) {
        let reader = MemberReader(json)
        try reader.allowOnly(["subject_token", "actions", "purpose"] + RequestedEnd.members)
        subjectToken = try reader.text("subject_token", limit: 8192)
        actions = try reader.names("actions", limit: Self.mostActions).map { name throws(OAuthError) in
            do throws(OAuthValueError) {
                return try ActionName(name)
            } catch {
                throw OAuthError(.invalidRequest, error)
            }
        }
        purpose = try reader.text("purpose", limit: 200)
        guard let end = try RequestedEnd.read(reader, within: Self.lifetimes, now: now) else {
            throw reader.refusal("expires_at", "is missing; send it or expires_in.")
        }
        expiresAt = end
    }
}
