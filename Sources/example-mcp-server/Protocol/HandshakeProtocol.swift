import JOSE
import ResourceServer

/// MCP up to 2025-11-25: a client initializes once. This server stores nothing about it.
///
/// Spec: MCP 2025-11-25 §Lifecycle
struct HandshakeProtocol {
    /// The supported versions, the newest first.
    static let versions = ["2025-11-25", "2025-06-18"]

    let tools: Toolbox
    let calls: WaitingCalls?
    let sessions: HandshakeSessions
    let questions: PendingFormElicitations

    /// Answers one message of an authenticated client.
    func answer(_ message: JSONRPCMessage, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        guard let abilities = sessions.abilities(headers.session, of: access) else { return .unknownSession }
        switch message {
        case .notification: return .accepted
        case .response(let id, let result, let code):
            questions.answer(id, with: result, errorCode: code, from: access)
            return .accepted
        case .request(let request):
            let client = Listener(abilities: abilities, takesEvents: headers.takesEvents)
            return await answer(request, client, access)
        }
    }

    private func answer(_ request: JSONRPCRequest, _ client: Listener, _ access: Access) async -> Answer {
        switch request.method {
        case "initialize": return introduce(request, access)
        case "ping": return .result(id: request.id, [:])
        case "tools/list": return .result(id: request.id, ["tools": tools.json])
        case "tools/call":
            switch tools.admit(request, access) {
            case .answer(let answer): return answer
            case .call(let call): return await present(call.run(), of: call, client)
            }
        default: return .failure(id: request.id, JSONRPCError(.methodNotFound, "Method not found."))
        }
    }

    /// The client's capabilities, and whether it reads a stream while it waits.
    private struct Listener: Sendable {
        let abilities: ClientCapabilities
        let takesEvents: Bool
    }

    private func present(_ outcome: Tool.Outcome, of call: ToolCall, _ client: Listener) async -> Answer {
        switch outcome {
        case .text(let text): call.text(text)
        case .failure(let text): call.failure(text)
        case .asks(let request, let given): await ask(request, of: call.giving(given), client)
        case .inquires(let inquiry): inquire(inquiry, of: call, client)
        }
    }

    /// Starts an elicitation, or fails the call for a client that cannot show links.
    private func ask(_ request: ElicitationRequest, of call: ToolCall, _ client: Listener) async -> Answer {
        guard let calls else {
            return call.failure("This server has no credentials for elicitations, so nothing was done.")
        }
        guard !call.access.isClient else { return call.needsUser }
        guard client.abilities.contains(.links) else {
            return call.failure("This tool needs a client that opens links (URL elicitation).")
        }
        let elicitation = HandshakeElicitation(calls: calls, questions: questions, call: call, request: request)
        return await elicitation.answer(takesEvents: client.takesEvents)
    }

    /// Sends a form or sampling request, or fails the call for a client without that capability.
    private func inquire(_ inquiry: FormElicitation, of call: ToolCall, _ client: Listener) -> Answer {
        guard client.abilities.contains(inquiry.kind.ability), client.takesEvents else {
            return call.failure("This tool needs a client that supports \(inquiry.kind.rawValue) requests.")
        }
        return HandshakeFormElicitation(questions: questions, call: call, inquiry: inquiry).answer { reply in
            await present(call.run(.reply(reply)), of: call, client)
        }
    }

    /// The client's capabilities travel in its session identifier, so that nothing is stored here.
    private func introduce(_ request: JSONRPCRequest, _ access: Access) -> Answer {
        let introduction = introduction(to: request)
        let abilities = ClientCapabilities(request.parameters["capabilities"]?.object)
        guard !abilities.isEmpty else { return .result(id: request.id, introduction) }
        return .welcome(id: request.id, introduction, session: sessions.open(for: access, able: abilities))
    }

    /// Agrees to the client's version if it is supported, else offers the newest.
    private func introduction(to request: JSONRPCRequest) -> JSONObject {
        let version = request.parameters["protocolVersion"]?.string
        let agreed = version.flatMap { Self.versions.contains($0) ? $0 : nil } ?? Self.versions[0]
        var result = Server.introduction
        result["protocolVersion"] = .string(agreed)
        result["serverInfo"] = .object(Server.information)
        return result
    }
}
