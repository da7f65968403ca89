import JOSE
import OAuth

/// What came of asking a person, handed out to this MCP server alone.
public enum ElicitationResult: Sendable, Equatable {
    /// They approved the action; the approval was compared with it, and is spent.
    case approval(Approval)
    /// They filled in the fields. Keep the values, then `acknowledge` them: until then they can be had again.
    case content(SecretContent)
    /// They connected their account; ask for its token whenever you act for them.
    case connection(ConnectedAccount)
    /// They finished at your own page, as you reported.
    case completion
}

/// What a person typed for this MCP server; nothing prints it.
public struct SecretContent: Sendable, Equatable {
    /// The elicitation that it is the result of.
    public let elicitation: String
    private let values: Secret

    init(elicitation: String, _ content: JSONObject) {
        self.elicitation = elicitation
        values = Secret(bytes: content.bytes)
    }

    /// All values under the names of the schema: a JSON object in UTF-8.
    public var json: [UInt8] { values.bytes }

    /// The value of a text field; nil when it was left out, or is no text.
    public func text(_ name: String) -> String? { (try? JSONObject(parsing: values.bytes))?[name]?.string }
}

/// An account at a provider, connected for one person and this MCP server.
public struct ConnectedAccount: Sendable, Hashable {
    /// Its name at the authorization server, by which an admin can revoke it.
    public let id: String
    /// The name of the provider there.
    public let provider: String
    /// What the provider granted.
    public let scopes: Set<String>
}

extension Elicitations {
    /// What a completed elicitation came to, compared with what was asked. It is handed out once; the values of a secret as
    /// often as they are asked for until they are acknowledged.
    public func result(
        of id: String, for request: ElicitationRequest, by access: Access
    ) async throws(ElicitationError) -> ElicitationResult {
        let body = try await authority.ask(type(of: request.ask).fetch, Self.path(id) + "/result")
        guard body["id"]?.string == id, body["kind"]?.string == request.kind.rawValue,
            let result = try await request.ask.result(body, of: id, by: access, from: authority)
        else {
            throw ElicitationError(.unavailable, "The result is not one of what was asked.")
        }
        return result
    }

    /// Says that the values are kept here, whereupon the authorization server erases them.
    public func acknowledge(_ content: SecretContent) async throws(ElicitationError) {
        _ = try await authority.ask(.delete, Self.path(content.elicitation) + "/result")
    }

    /// Spends the result of a completed one unread, so that nobody finds it later.
    public func discardResult(of id: String) async throws(ElicitationError) {
        _ = try await authority.ask(.post([], repeatable: false), Self.path(id) + "/result")
    }
}

extension ConnectedAccount {
    init?(_ object: JSONObject) {
        guard let id = object["connection"]?.string, let provider = object["provider"]?.string else { return nil }
        let scopes = (object["scope"]?.string ?? "").split(separator: " ").map(String.init)
        self.init(id: id, provider: provider, scopes: Set(scopes))
    }
}
