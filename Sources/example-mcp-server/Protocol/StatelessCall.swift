import JOSE
import ResourceServer

/// A call of a tool by a client of 2026-07-28, in whichever round it is.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct StatelessCall: Sendable {
    let abilities: ClientCapabilities
    /// Nil when nobody can be asked at the authorization server.
    let calls: WaitingCalls?
    let seal: CallStateSeal

    func answer(_ call: ToolCall) async -> Answer {
        let brought = call.request.parameters["requestState"]
        guard let text = brought?.string, CallStateSeal.isOwn(text) else {
            return await present(call.run(), of: call, linkState: brought)
        }
        guard let state = seal.open(text, for: call) else { return .failure(id: call.request.id, Self.foreignState) }
        let call = call.giving(state.given)
        guard let kind = state.asked else {
            return await present(call.run(), of: call, linkState: state.link.map(JSON.string))
        }
        let reply = call.request.parameters["inputResponses"]?.object?[kind.rawValue]?.object
        return await present(call.run(.reply(FormElicitationReply(kind, reply))), of: call, linkState: nil)
    }

    private func present(_ outcome: Tool.Outcome, of call: ToolCall, linkState: JSON?) async -> Answer {
        switch outcome {
        case .text(let text): call.text(text)
        case .failure(let text): call.failure(text)
        case .asks(let request, let given): await ask(request, of: call.giving(given), linkState)
        case .inquires(let inquiry): inquire(inquiry, of: call)
        }
    }

    private func inquire(_ inquiry: FormElicitation, of call: ToolCall) -> Answer {
        guard abilities.contains(inquiry.kind.ability) else {
            return Self.demand(inquiry.kind.capabilities, "This tool needs a client that asks its person.", of: call)
        }
        let state = seal.seal(CallState(given: call.given, asked: inquiry.kind), for: call)
        let request: JSON = ["method": .string(inquiry.method), "params": inquiry.parameters]
        return .result(
            id: call.request.id,
            [
                "resultType": "input_required", "requestState": .string(state),
                "inputRequests": .object([inquiry.kind.rawValue: request]),
            ])
    }

    private func ask(_ request: ElicitationRequest, of call: ToolCall, _ state: JSON?) async -> Answer {
        guard let calls else { return call.failure("Nobody can be asked here, so nothing was done.") }
        guard abilities.contains(.links) else {
            return Self.demand(
                ["elicitation": ["url": [:]]], "This tool needs a client that opens links for its person.", of: call)
        }
        let elicitation = StatelessElicitation(calls: calls, call: call, request: request, state: state) { link in
            // What was given in a form has to come back with the link's state, which knows of the call alone.
            call.given.isEmpty ? link : seal.seal(CallState(given: call.given, link: link), for: call)
        }
        return await elicitation.answer()
    }

    private static func demand(_ capabilities: JSON, _ sentence: String, of call: ToolCall) -> Answer {
        .failure(
            id: call.request.id,
            JSONRPCError(.missingClientCapability, sentence, data: ["requiredCapabilities": capabilities]))
    }

    private static let foreignState = JSONRPCError(
        .invalidParameters, "The requestState is over or belongs to another request: repeat the call without it.")
}
