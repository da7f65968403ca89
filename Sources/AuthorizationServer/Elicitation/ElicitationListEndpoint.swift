package import JOSE
import OAuth
import Storage

/// Lists the open elicitations of an MCP server to it, oldest first, so that a server that lost its memory finds them again.
package struct ElicitationListEndpoint: Sendable {
    /// The largest number of elicitations in one answer.
    package static let mostEntries = 100

    let access: ElicitationAccess

    /// Lists at most `limit` elicitations, behind the one with the handle `after` if it is given. The answer names the handle after
    /// which the list goes on, if it does.
    package func list(limit: Int, after text: String?, authorization: String?) async throws -> JSON {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization).id
        let page = try await access.store.read { transaction -> (elicitations: [Elicitation], hasMore: Bool)? in
            var place: Elicitation?
            if let text {
                place = try access.find(ElicitationID(text), of: resource, in: transaction)
                guard place != nil else { return nil }
            }
            return try transaction.elicitations.open(by: resource, after: place, now: now, limit: limit)
        }
        guard let page else { throw Self.unknownPlace }
        var body: JSONObject = ["elicitations": .array(page.elicitations.map { .object($0.listed(at: access.issuer)) })]
        if page.hasMore { body["next"] = page.elicitations.last.map { .string($0.id.string) } }
        return .object(body)
    }

    private static let unknownPlace = OAuthError(
        .invalidRequest,
        "after must be the id of an elicitation of this MCP server; omit it to start from the beginning.")
}

extension Elicitation {
    /// The elicitation as its MCP server reads it where it gets the link.
    func json(at issuer: Issuer) -> JSONObject {
        var body: JSONObject = [
            "id": .string(id.string), "url": .string(issuer.endpoint("/e/\(pageID)")),
            "kind": .string(kind.rawValue), "status": .string(status.rawValue), "version": .integer(version),
            "expires_at": .string(expiresAt.rfc3339),
        ]
        if kind.ask.sharesDigest { body["digest"] = .string(digest.base64URL) }
        return body
    }

    /// The same with whom it is for, which the MCP server knew when it asked.
    fileprivate func listed(at issuer: Issuer) -> JSONObject {
        var body = json(at: issuer)
        body["created_at"] = .string(createdAt.rfc3339)
        body["subject"] = .string(subject.string)
        body["client_id"] = .string(clientID.string)
        body["session_id"] = .string(sessionID.string)
        body["idempotency_key"] = idempotencyKey.map(JSON.string)
        return body
    }
}
