package import JOSE

/// The request of an MCP server that creates an elicitation.
package struct ElicitationRequest: Sendable {
    /// The user's access token for this MCP server. It proves that the user has a live session there.
    package let subjectToken: String
    /// The elicitation to create.
    package let draft: ElicitationDraft

    /// Reads the body of the request; an unknown member is refused.
    package init(json: JSONObject, now: Timestamp) throws(OAuthError) {
        subjectToken = try MemberReader(json).text("subject_token", limit: 8192)
        draft = try ElicitationDraft(json: json, now: now)
    }
}

/// An elicitation before its session is known.
package struct ElicitationDraft: Sendable {
    /// The lifetimes that an MCP server may request, in seconds.
    private static let lifetimes: ClosedRange<Int64> = 60...3600
    /// The lifetime without a request for another one, in seconds.
    private static let defaultLifetime: Int64 = 900

    /// The message of the MCP server to the user.
    package let message: String
    /// The lifetime in seconds.
    package let expiresIn: Int64
    /// The MCP server's own key for the request, by which a repeated request finds the elicitation.
    package let idempotencyKey: String?
    /// The digest of everything that was sent except `subject_token`, which changes with each refresh; nil without an
    /// idempotency key.
    package let requestDigest: Digest?
    /// The request of the kind.
    package let ask: any ElicitationKindRequest
    /// The digest of the request; for `confirm` the digest of the action alone, which the MCP server computes as well.
    package let digest: Digest

    /// A draft of the kind `confirm`; `expiresIn` is in seconds and shortened to the default lifetime.
    package init(confirm action: ElicitationAction, message: String, expiresIn: Int64? = nil) {
        self.message = message
        self.expiresIn = min(expiresIn ?? Self.defaultLifetime, Self.defaultLifetime)
        idempotencyKey = nil
        requestDigest = nil
        ask = ConfirmRequest(action)
        digest = action.digest
    }

    init(json: JSONObject, now: Timestamp) throws(OAuthError) {
        let reader = MemberReader(json)
        let kindText = try reader.text("kind", limit: 100)
        guard let kind = ElicitationKind(rawValue: kindText) else {
            let known = ElicitationKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.refusal("kind", "must be one of \(known).")
        }
        ask = try kind.read(json)
        try reader.allowOnly(
            ["subject_token", "kind", "message", "idempotency_key"] + RequestedEnd.members + kind.ask.members,
            absent: ElicitationKind.allCases.flatMap { $0.ask.members })
        message = try reader.text("message", limit: 500)
        let end = try RequestedEnd.read(reader, within: Self.lifetimes, now: now)
        expiresIn = end.map { $0 - now } ?? Self.defaultLifetime
        idempotencyKey = try Self.key(reader)
        requestDigest = try idempotencyKey.map { _ throws(OAuthError) in try Self.requestDigest(json) }
        digest = try ask.digest(message: message)
    }

    private static func requestDigest(_ json: JSONObject) throws(OAuthError) -> Digest {
        var request = JSONObject()
        for (name, value) in json.members where name != "subject_token" && value != .null { request[name] = value }
        return try ElicitationAction.digest(of: request, called: "The request")
    }

    private static func key(_ reader: MemberReader) throws(OAuthError) -> String? {
        guard let key = try reader.textIfAny("idempotency_key", limit: 128) else { return nil }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw reader.refusal("idempotency_key", "must consist of printable ASCII characters without spaces.")
        }
        return key
    }
}
