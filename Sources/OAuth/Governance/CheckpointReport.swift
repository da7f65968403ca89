package import JOSE

/// A moment that changes who is acting, as an MCP server reports it. It is made of names and closed words: there is no
/// place in it for what a person or a model wrote.
package struct CheckpointReport: Sendable {
    /// What became of a sampling request when its person reviewed it.
    package enum Review: String, Hashable, Sendable, CaseIterable {
        /// What the model wrote goes on as it is.
        case approved
        /// The person changed it.
        case edited
        /// Nothing goes on.
        case rejected
    }

    /// What a person did with a form.
    package enum Reply: String, Hashable, Sendable, CaseIterable {
        case accepted
        case declined
        case cancelled
    }

    /// Which moment it was.
    package enum Moment: Hashable, Sendable {
        /// A sampling request was reviewed; the name of the model, if it is known.
        case sampling(Review, model: String?)
        /// Fields that a call lacked were asked for; the reply and the path that was chosen by it, once there is one.
        case form(missing: [String], Reply?, path: String?)
    }

    /// The most fields that are named.
    static let mostFields = 20

    /// The person's access token for this very MCP server.
    package let subjectToken: String
    package let moment: Moment
    /// The tool in whose call it happened.
    package let tool: String?

    /// Reads the body of a report; a member that is not known is refused.
    package init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        subjectToken = try reader.text("subject_token", limit: 8192)
        tool = try reader.nameIfAny("tool")
        switch try reader.text("kind", limit: 20) {
        case "sampling":
            try reader.allowOnly(["subject_token", "kind", "tool", "outcome", "model"])
            guard let review = try reader.wordIfAny("outcome", Review.self) else {
                throw reader.refusal("outcome", "is missing.")
            }
            moment = .sampling(review, model: try reader.nameIfAny("model"))
        case "form":
            try reader.allowOnly(["subject_token", "kind", "tool", "missing", "outcome", "path"])
            let reply = try reader.wordIfAny("outcome", Reply.self)
            let path = try reader.nameIfAny("path")
            guard reply == .accepted || path == nil else {
                throw reader.refusal("path", "belongs to the outcome accepted; leave it out.")
            }
            moment = .form(missing: try reader.names("missing", limit: Self.mostFields), reply, path: path)
        default: throw reader.refusal("kind", "has to be sampling or form.")
        }
    }
}
