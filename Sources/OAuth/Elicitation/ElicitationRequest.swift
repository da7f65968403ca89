package import JOSE

/// What an MCP server sends to have a person asked.
package struct ElicitationRequest: Sendable {
    /// The person's access token for this very MCP server: the proof that the person is there.
    package let subjectToken: String
    /// What the person is to be asked.
    package let draft: ElicitationDraft

    /// Reads the body of the request; members that are not known are passed over.
    package init(json: JSONObject) throws(OAuthError) {
        subjectToken = try MemberReader(json).text("subject_token", limit: 8192)
        draft = try ElicitationDraft(json: json)
    }
}

/// What a person is to be asked, whoever proves that the person is there.
package struct ElicitationDraft: Sendable {
    /// How long a request may stay open, in seconds, and how long it does unless the MCP server says otherwise.
    private static let lifetimes: ClosedRange<Int64> = 60...3600
    private static let usualLifetime: Int64 = 900

    /// The sentence above the request.
    package let message: String
    /// Seconds that the person has.
    package let expiresIn: Int64
    /// The MCP server's own name for the request, by which it finds it again.
    package let idempotencyKey: String?
    /// What is asked.
    package let ask: any ElicitationKindRequest
    /// Names what is asked: for `confirm` the digest of the action, which the MCP server computes as well.
    package let digest: Digest

    /// Asks to approve an action.
    package init(confirm action: ElicitationAction, message: String, expiresIn: Int64? = nil) {
        self.message = message
        self.expiresIn = min(expiresIn ?? Self.usualLifetime, Self.usualLifetime)
        idempotencyKey = nil
        ask = ConfirmRequest(action)
        digest = action.digest
    }

    init(json: JSONObject) throws(OAuthError) {
        let reader = MemberReader(json)
        let kindText = try reader.text("kind", limit: 100)
        guard let kind = ElicitationKind(rawValue: kindText) else {
            let known = ElicitationKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw reader.refusal("kind", "has to be one of \(known).")
        }
        message = try reader.text("message", limit: 500)
        expiresIn = try reader.integerIfAny("expires_in", in: Self.lifetimes) ?? Self.usualLifetime
        idempotencyKey = try Self.key(reader)
        ask = try kind.read(json)
        digest = try ask.digest(message: message)
    }

    private static func key(_ reader: MemberReader) throws(OAuthError) -> String? {
        guard let key = try reader.textIfAny("idempotency_key", limit: 128) else { return nil }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw reader.refusal("idempotency_key", "has to be made of printable ASCII characters without blanks.")
        }
        return key
    }
}
