import JOSE
import ResourceServer

/// One round of a tool call by a 2026-07-28 client.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct StatelessCall: Sendable {
    let abilities: ClientCapabilities
    /// Nil without credentials for elicitations.
    let calls: WaitingCalls?
    let seal: CallStateSeal

    /// Runs one round: a first call, or a retry with its state and the client's responses.
    func answer(_ call: ToolCall) async -> Answer {
        let brought = call.request.parameters["requestState"]
        // A state without this server's prefix is the library's state of a link.
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

    /// Requires a form or a sampled text from the client, which returns it with the sealed state.
    private func inquire(_ inquiry: FormElicitation, of call: ToolCall) -> Answer {
        guard abilities.contains(inquiry.kind.ability) else {
            return Self.demand(
                inquiry.kind.capabilities, "This tool needs a client that supports this kind of request.", of: call)
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
        guard let calls else {
            return call.failure("This server has no credentials for elicitations, so nothing was done.")
        }
        guard !call.access.isClient else { return call.needsUser }
        guard abilities.contains(.links) else {
            return Self.demand(
                ["elicitation": ["url": [:]]], "This tool needs a client that opens links.", of: call)
        }
        let elicitation = StatelessElicitation(calls: calls, call: call, request: request, state: state) { link in
            // The link's state covers the call alone, so the values of a form are sealed around it.
            call.given.isEmpty ? link : seal.seal(CallState(given: call.given, link: link), for: call)
        }
        return await elicitation.answer()
    }

    /// The error for a client that lacks a capability; its data names what is missing.
    private static func demand(_ capabilities: JSON, _ sentence: String, of call: ToolCall) -> Answer {
        .failure(
            id: call.request.id,
            JSONRPCError(.missingClientCapability, sentence, data: ["requiredCapabilities": capabilities]))
    }

    private static let foreignState = JSONRPCError(
        .invalidParameters, "The requestState has expired or belongs to another request. Repeat the call without it.")
}
