import JOSE

/// Who came to a page of this MCP server's with a ticket of the authorization server. Compare it with whom the page expects.
public struct ExternalVisitor: Sendable, Hashable {
    /// The handle of the elicitation that sent them.
    public let elicitation: String
    /// The person, as the authorization server names them to this MCP server.
    public let subject: String
    /// The client through which they were asked.
    public let clientID: String
    /// The session in which they were asked.
    public let sessionID: String
}

/// How a step on a page of this MCP server's own went, in its own word.
public enum ExternalOutcome: String, Sendable {
    /// The person did what was asked.
    case completed
    /// The person refused.
    case declined
    /// It could not be done.
    case failed
}

extension Elicitations {
    /// Spends the ticket that a person brought along in the query. One that is unknown, was used, is older than a minute or
    /// belongs to another MCP server is `notFound`.
    public func redeem(ticket: String) async throws(ElicitationError) -> ExternalVisitor {
        let body: JSONObject = ["ticket": .string(ticket)]
        let answer = try await authority.ask(.post(body.bytes, repeatable: false), "/elicitations/redeem")
        guard let elicitation = answer["id"]?.string, let subject = answer["subject"]?.string,
            let client = answer["client_id"]?.string, let session = answer["session_id"]?.string
        else { throw ElicitationError(.unavailable, "The authorization server's answer names nobody.") }
        return ExternalVisitor(elicitation: elicitation, subject: subject, clientID: client, sessionID: session)
    }

    /// Reports how it went for the person who arrived. `reference` is your own name for it, such as the number of a receipt:
    /// at most 100 printable ASCII characters without blanks.
    @discardableResult
    public func complete(
        _ id: String, as outcome: ExternalOutcome, reference: String? = nil
    ) async throws(ElicitationError) -> Elicitation {
        var body: JSONObject = ["outcome": .string(outcome.rawValue)]
        body["reference"] = reference.map(JSON.string)
        // The same report once more is answered as the first was.
        let answer = try await authority.ask(.post(body.bytes, repeatable: true), Self.path(id) + "/complete")
        return try Self.elicitation(answer)
    }
}
