import JOSE
import ResourceServer

/// A call that needs a person's approval, between a client and a server that keeps nothing: the client comes back with a
/// sealed state until the person has acted.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct StatelessConfirmation {
    private static let key = "approval"

    let confirmations: Confirmations
    let call: ToolCall
    let ask: @Sendable (JSONObject, Access) async -> Tool.Question

    func answer() async -> Answer {
        let action: ElicitationAction
        let message: String
        switch await ask(call.arguments, call.access) {
        case .pointless(let sentence): return call.failure(sentence)
        case .confirm(let asked, let words): (action, message) = (asked, words)
        }
        do throws(ElicitationFault) {
            return await present(try await step(action, message), message)
        } catch {
            return call.answer(to: error)
        }
    }

    private func step(_ action: ElicitationAction, _ message: String) async throws(ElicitationFault) -> ConfirmationStep
    {
        let request = OriginatingRequest(
            method: call.request.method, name: call.tool.name, arguments: call.arguments.bytes)
        let answer = call.request.parameters["inputResponses"]?.object?[Self.key]?.object?["action"]?.string
        switch call.request.parameters["requestState"] {
        case nil: return try await confirmations.begin(action, message: message, in: request, by: call.access)
        case let state:
            return try await confirmations.resume(
                state?.string ?? "", answer: answer.map { ClientAnswer(rawValue: $0) ?? .cancel }, action, in: request,
                by: call.access)
        }
    }

    private func present(_ step: ConfirmationStep, _ message: String) async -> Answer {
        switch step {
        case .approved: return await call.answer()
        case .refused(let sentence): return call.failure(sentence)
        case .unanswered(let url): return call.unanswered(url)
        case .wait(let state): return inputRequired(state, [:])
        case .ask(let url, let state):
            let parameters: JSON = ["mode": "url", "url": .string(url), "message": .string(message)]
            return inputRequired(state, [Self.key: ["method": "elicitation/create", "params": parameters]])
        }
    }

    private func inputRequired(_ state: String, _ requests: JSONObject) -> Answer {
        var result: JSONObject = ["resultType": "input_required", "requestState": .string(state)]
        if !requests.isEmpty { result["inputRequests"] = .object(requests) }
        return .result(id: call.request.id, result)
    }
}
