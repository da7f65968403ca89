import JOSE
import OAuth

/// A kind of elicitation from the MCP server's side: how its result is collected and parsed.
protocol CollectableRequest: ElicitationKindRequest {
    /// Whether the MCP server acknowledges the result by itself, after it stored what it received. Otherwise the library does.
    static var isAcknowledgedLater: Bool { get }

    /// The result after comparison with the request; nil when it does not belong to it.
    func result(
        _ body: JSONObject, of id: String, by access: Access, from authority: ElicitationAuthority
    ) async throws(ElicitationError) -> ElicitationResult?
}

extension CollectableRequest {
    static var isAcknowledgedLater: Bool { false }
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
    static var isAcknowledgedLater: Bool { true }

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
