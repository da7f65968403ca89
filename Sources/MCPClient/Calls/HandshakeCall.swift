import JOSE

/// A call of MCP 2025-11-25: after a handshake, the server asks the user for something on the stream of the answer, or refuses
/// the call until a link was opened.
///
/// Spec: MCP 2025-11-25 §Lifecycle
struct HandshakeCall: Sendable {
    static let version = "2025-11-25"

    let transport: MCPTransport
    let open: @Sendable (LinkRequest) async throws -> LinkAnswer

    /// The code of a call that needs a link to be opened first.
    private static let linkRequired: Int64 = -32_042
    private static let mostRounds = 300
    private static let pause = Duration.seconds(2)

    func call(_ tool: String, _ arguments: JSONObject) async throws -> ToolOutcome {
        let introduction: JSONObject = [
            "protocolVersion": .string(Self.version), "capabilities": ["elicitation": ["url": [:]]],
            "clientInfo": ["name": "gatehouse", "version": "1"],
        ]
        let welcome = try await transport.send(Self.message("initialize", 1, introduction), Self.fields(nil, nil))
        if let outcome = ToolOutcome(challengeIn: welcome) { return outcome }
        guard let agreed = welcome.result?["protocolVersion"]?.string else { return ToolOutcome(refusalIn: welcome) }
        let fields = Self.fields(agreed, welcome.session)
        _ = try await transport.send(["jsonrpc": "2.0", "method": "notifications/initialized"], fields)
        let request = Self.message("tools/call", 2, ["name": .string(tool), "arguments": .object(arguments)])
        var opened: Set<String> = []
        for _ in 0..<Self.mostRounds {
            let answer = try await transport.send(request, fields) { try await hear($0, fields) }
            if let outcome = ToolOutcome(challengeIn: answer) { return outcome }
            if let result = answer.result { return .result(result) }
            guard answer.error?["code"]?.integer == Self.linkRequired else { return ToolOutcome(refusalIn: answer) }
            for wanted in answer.error?["data"]?.object?["elicitations"]?.array ?? [] {
                let link = try LinkRequest(wanted.object)
                guard opened.insert(link.url).inserted else { continue }
                // The refused call asks nothing that could be declined: without the link, it is not repeated.
                guard try await open(link) == .accept else {
                    throw ClientFailure("The tool needs a link that you did not open, so the call was not repeated.")
                }
            }
            // The notification that the page is done comes on a stream that this client does not keep, so it asks again.
            try await Task.sleep(for: Self.pause)
        }
        throw ClientFailure(
            "The tool still waits for its user after \(Self.mostRounds) rounds, so the call was given up.")
    }

    /// Answers a request that arrives on the stream of a call. Notifications need no answer.
    private func hear(_ message: JSONObject, _ fields: [(name: String, value: String)]) async throws {
        guard let id = message["id"], let method = message["method"]?.string else { return }
        var reply: JSONObject = ["jsonrpc": "2.0", "id": id]
        switch method {
        case "ping": reply["result"] = [:]
        case "elicitation/create":
            let link = try LinkRequest(message["params"]?.object)
            reply["result"] = ["action": .string(try await open(link).rawValue)]
        default: reply["error"] = ["code": -32_601, "message": "Method not found."]
        }
        _ = try await transport.send(reply, fields)
    }

    private static func message(_ method: String, _ id: Int64, _ parameters: JSONObject) -> JSONObject {
        ["jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": .object(parameters)]
    }

    private static func fields(_ version: String?, _ session: String?) -> [(name: String, value: String)] {
        var fields = [(name: "Accept", value: "application/json, text/event-stream")]
        if let version { fields.append((name: "MCP-Protocol-Version", value: version)) }
        if let session { fields.append((name: "Mcp-Session-Id", value: session)) }
        return fields
    }
}
