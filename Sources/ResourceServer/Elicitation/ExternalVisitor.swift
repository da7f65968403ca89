import JOSE

/// The user who arrived at a page of this MCP server with a ticket. Compare it with the user that the page expects.
public struct ExternalVisitor: Sendable, Hashable {
    /// The handle of the elicitation.
    public let elicitation: String
    /// The user's subject identifier.
    public let subject: String
    /// The client of the elicitation.
    public let clientID: String
    /// The session of the elicitation.
    public let sessionID: String
}

/// The outcome on a page of this MCP server, as it reports it.
public enum ExternalOutcome: String, Sendable {
    /// The user did what was requested.
    case completed
    /// The user declined.
    case declined
    /// The request could not be fulfilled.
    case failed
}

extension Elicitations {
    /// Redeems the ticket of the page's query, once. Throws `notFound` for a ticket that is unknown, used, older than a minute or
    /// for another MCP server.
    public func redeem(ticket: String) async throws(ElicitationError) -> ExternalVisitor {
        let body: JSONObject = ["ticket": .string(ticket)]
        let answer = try await authority.ask(.post(body.bytes, repeatable: false), "/elicitations/redeem")
        guard let elicitation = answer["id"]?.string, let subject = answer["subject"]?.string,
            let client = answer["client_id"]?.string, let session = answer["session_id"]?.string
        else { throw ElicitationError(.unavailable, "The authorization server's response names no user.") }
        return ExternalVisitor(elicitation: elicitation, subject: subject, clientID: client, sessionID: session)
    }

    /// Reports the outcome for the user who arrived. `reference` is your own identifier, such as a receipt number: at most 100
    /// printable ASCII characters without spaces.
    @discardableResult
    public func complete(
        _ id: String, as outcome: ExternalOutcome, reference: String? = nil
    ) async throws(ElicitationError) -> Elicitation {
        var body: JSONObject = ["outcome": .string(outcome.rawValue)]
        body["reference"] = reference.map(JSON.string)
        // A repeated report gets the response of the first.
        let answer = try await authority.ask(.post(body.bytes, repeatable: true), Self.path(id) + "/complete")
        return try Self.elicitation(answer)
    }
}
