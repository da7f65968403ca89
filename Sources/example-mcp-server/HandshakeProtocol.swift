import JOSE
import ResourceServer

/// MCP as it was until 2025-11-25: a client introduces itself once; this server keeps nothing of it.
///
/// Spec: MCP 2025-11-25 §Lifecycle
struct HandshakeProtocol {
    /// The newest first.
    static let versions = ["2025-11-25", "2025-06-18"]

    let tools: Toolbox
    let calls: WaitingCalls?
    let sessions: HandshakeSessions
    let questions: OpenQuestions

    func answer(_ message: JSONRPCMessage, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        guard sessions.isKnown(headers.session, to: access) else { return .unknownSession }
        switch message {
        case .notification: return .accepted
        case .response(let id, let result):
            questions.answer(id, with: result, from: access)
            return .accepted
        case .request(let request): return await answer(request, headers, access)
        }
    }

    private func answer(_ request: JSONRPCRequest, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        switch request.method {
        case "initialize": return introduce(request, access)
        case "ping": return .result(id: request.id, [:])
        case "tools/list": return .result(id: request.id, ["tools": tools.json])
        case "tools/call": return await call(request, headers, access)
        default: return .failure(id: request.id, JSONRPCError(.methodNotFound, "There is no such method."))
        }
    }

    private func call(_ request: JSONRPCRequest, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        switch tools.admit(request, access) {
        case .answer(let answer): return answer
        case .call(let call):
            switch await call.run() {
            case .text(let text): return call.text(text)
            case .failure(let text): return call.failure(text)
            case .asks(let request): return await ask(request, of: call, headers)
            }
        }
    }

    private func ask(_ request: ElicitationRequest, of call: ToolCall, _ headers: RoutingHeaders) async -> Answer {
        guard let calls else { return call.failure("Nobody can be asked here, so nothing was done.") }
        // An identifier is handed out to those only who open links.
        guard headers.session != nil else {
            return call.failure("This tool needs a client that opens links for its person (URL elicitation).")
        }
        let elicitation = HandshakeElicitation(calls: calls, questions: questions, call: call, request: request)
        return await elicitation.answer(takesEvents: headers.takesEvents)
    }

    /// Who opens links is remembered by the client itself, in its session identifier.
    private func introduce(_ request: JSONRPCRequest, _ access: Access) -> Answer {
        let introduction = introduction(to: request)
        guard request.parameters["capabilities"]?.object?.takesLinks == true else {
            return .result(id: request.id, introduction)
        }
        return .welcome(id: request.id, introduction, session: sessions.open(for: access))
    }

    /// The client's version where it is spoken here, else the newest, which the client may decline.
    private func introduction(to request: JSONRPCRequest) -> JSONObject {
        let version = request.parameters["protocolVersion"]?.string
        let agreed = version.flatMap { Self.versions.contains($0) ? $0 : nil } ?? Self.versions[0]
        var result = Server.introduction
        result["protocolVersion"] = .string(agreed)
        result["serverInfo"] = .object(Server.information)
        return result
    }
}
