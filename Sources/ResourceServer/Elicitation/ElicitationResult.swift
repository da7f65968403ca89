import JOSE
import OAuth

/// The result of a completed elicitation, which only this MCP server can collect.
public enum ElicitationResult: Sendable, Equatable {
    /// The user approved the action. The approval matches the action and is spent.
    case approval(Approval)
    /// The user filled in the fields. Store the values, then `acknowledge` them; until then they can be collected again.
    case content(SecretContent)
    /// The user connected an account. Request its token for each use.
    case connection(ConnectedAccount)
    /// The user finished on your own page, as you reported.
    case completion
}

/// The values that a user entered; nothing prints them.
public struct SecretContent: Sendable, Equatable {
    /// The handle of its elicitation.
    public let elicitation: String
    private let values: Secret

    init(elicitation: String, _ content: JSONObject) {
        self.elicitation = elicitation
        values = Secret(bytes: content.bytes)
    }

    /// All values by their names in the schema, as a JSON object in UTF-8.
    public var json: [UInt8] { values.bytes }

    /// The value of a text field; nil if it is empty or not a text.
    public func text(_ name: String) -> String? { (try? JSONObject(parsing: values.bytes))?[name]?.string }
}

/// A user's account at a provider, connected for this MCP server.
public struct ConnectedAccount: Sendable, Hashable {
    /// The connection's id at the authorization server, which an admin can revoke.
    public let id: String
    /// The name of the provider at the authorization server.
    public let provider: String
    /// The scopes that the provider granted.
    public let scopes: Set<String>
}

extension Elicitations {
    /// Collects the result of a completed elicitation and compares it with the request. Of several callers one gets it; the values
    /// of a `secret` can be collected until they are acknowledged. A result that does not match the request is not spent.
    public func result(
        of id: String, for request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationResult {
        let body = try await authority.ask(.get, Self.path(id) + "/result")
        guard body["id"]?.string == id, body["kind"]?.string == request.kind.rawValue,
            let result = try await request.ask.result(body, of: id, by: access, from: authority)
        else {
            throw ElicitationError(.unavailable, "The result does not belong to the request.")
        }
        if !type(of: request.ask).isAcknowledgedLater { try await claim(id) }
        return result
    }

    /// Spends the result for this caller alone. The claim lets the request be sent again after a lost response.
    private func claim(_ id: String) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, Self.path(id) + "/result?claim=" + Random.token(16))
    }

    /// Confirms that the values are stored here; the authorization server then erases them.
    public func acknowledge(_ content: SecretContent) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, Self.path(content.elicitation) + "/result")
    }

    /// Spends the result of a completed elicitation unread, so that no later call can collect it.
    public func discardResult(of id: String) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, Self.path(id) + "/result")
    }
}

extension ConnectedAccount {
    init?(_ object: JSONObject) {
        guard let id = object["connection"]?.string, let provider = object["provider"]?.string else { return nil }
        let scopes = (object["scope"]?.string ?? "").split(separator: " ").map(String.init)
        self.init(id: id, provider: provider, scopes: Set(scopes))
    }
}
