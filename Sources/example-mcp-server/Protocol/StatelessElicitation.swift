import JOSE
import ResourceServer

/// A call that waits for its user without state on the server: the client repeats the call with a sealed state until the
/// user has acted.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct StatelessElicitation {
    private static let key = "link"

    let calls: WaitingCalls
    let call: ToolCall
    let request: ElicitationRequest
    /// The `requestState` of this round; nil in the first.
    let state: JSON?
    /// Makes the `requestState` for the client from the library's state.
    let wrap: (String) -> String

    func answer() async -> Answer {
        do throws(ElicitationError) {
            return await present(try await step())
        } catch {
            return call.answer(to: error)
        }
    }

    /// Starts the elicitation in the first round, or resumes it with the client's state.
    private func step() async throws(ElicitationError) -> ElicitationStep {
        let origin = OriginatingRequest(
            method: call.request.method, name: call.tool.name, arguments: call.arguments.bytes)
        let answer = call.request.parameters["inputResponses"]?.object?[Self.key]?.object?["action"]?.string
        switch state {
        case nil: return try await calls.begin(request, in: origin, by: call.access)
        case let state:
            return try await calls.resume(
                state?.string ?? "", answer: answer.map { ClientAnswer(rawValue: $0) ?? .cancel }, request, in: origin,
                by: call.access)
        }
    }

    private func present(_ step: ElicitationStep) async -> Answer {
        switch step {
        case .completed(let result): return await call.answer(to: result)
        case .refused(let sentence): return call.failure(sentence)
        case .unanswered(let url): return call.unanswered(url)
        case .wait(let state): return inputRequired(state, [:])
        case .ask(let url, let state):
            let parameters: JSON = ["mode": "url", "url": .string(url), "message": .string(request.message)]
            return inputRequired(state, [Self.key: ["method": "elicitation/create", "params": parameters]])
        }
    }

    /// The result that makes the client retry with this state.
    private func inputRequired(_ state: String, _ requests: JSONObject) -> Answer {
        var result: JSONObject = ["resultType": "input_required", "requestState": .string(wrap(state))]
        if !requests.isEmpty { result["inputRequests"] = .object(requests) }
        return .result(id: call.request.id, result)
    }
}
