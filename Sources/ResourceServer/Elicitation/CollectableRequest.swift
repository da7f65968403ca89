import JOSE
import OAuth

/// A kind of elicitation as MCP servers know it: how its result is fetched, and what it comes to.
protocol CollectableRequest: ElicitationKindRequest {
    /// The request that fetches the result. What spends it is sent once: an answer that is lost is lost.
    static var fetch: AuthorizationServerConnection.Verb { get }

    /// The result, compared with what was asked; nil when it is one of something else.
    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult?
}

extension CollectableRequest {
    static var fetch: AuthorizationServerConnection.Verb { .post([], repeatable: false) }
}

extension ConfirmRequest: CollectableRequest {
    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult? {
        guard let compact = body["approval"]?.string else { return nil }
        let rule = ApprovalRule(authority: authority)
        return .approval(try await rule.approval(compact, of: id, for: action, by: access))
    }
}

extension SecretRequest: CollectableRequest {
    static var fetch: AuthorizationServerConnection.Verb { .get }

    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult? {
        body["content"]?.object.map { .content(SecretContent(elicitation: id, $0)) }
    }
}

extension ConnectAccountRequest: CollectableRequest {
    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult? {
        guard let account = ConnectedAccount(body), account.provider == provider else { return nil }
        return .connection(account)
    }
}

extension ExternalRequest: CollectableRequest {
    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult? {
        body["outcome"]?.string == ElicitationStatus.completed.rawValue ? .completion : nil
    }
}
