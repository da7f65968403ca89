package import JOSE

/// A checkpoint that an MCP server reports: a moment at which the acting party changes. It consists of names and
/// enumerated words, so that no text of a user or a model can get into the audit trail.
package struct CheckpointReport: Sendable {
    /// The outcome of the user's review of a sampling request.
    package enum Review: String, Hashable, Sendable, CaseIterable {
        /// The text of the model goes on unchanged.
        case approved
        /// The user changed the text.
        case edited
        /// The user stopped the text.
        case rejected
    }

    /// The user's reply to a form.
    package enum Reply: String, Hashable, Sendable, CaseIterable {
        case accepted
        case declined
        case cancelled
    }

    /// The kinds of checkpoints.
    package enum Moment: Hashable, Sendable {
        /// The user reviewed a sampling request; with the name of the model, if it is known.
        case sampling(Review, model: String?)
        /// A form asked for the fields that a tool call lacked; with the reply and the chosen path, once there is a
        /// reply.
        case form(missing: [String], Reply?, path: String?)
    }

    /// The largest number of missing fields in a report.
    static let mostFields = 20

    /// The user's access token for this MCP server.
    package let subjectToken: String
    /// The reported moment.
    package let moment: Moment
    /// The tool whose call led to the checkpoint.
    package let tool: String?

    /// Reads the body of a report; an unknown member is refused.
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
                throw reader.refusal("path", "is allowed only with the outcome accepted; omit it.")
            }
            moment = .form(missing: try reader.names("missing", limit: Self.mostFields), reply, path: path)
        default: throw reader.refusal("kind", "must be sampling or form.")
        }
    }
}
