import JOSE

/// A call of MCP 2026-07-28: it is repeated with the server's state until the user has done what the server asks for.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
struct StatelessToolCall: Sendable {
    let transport: MCPTransport
    let open: @Sendable (LinkRequest) async throws -> LinkAnswer

    /// The longest conversation about one call; a server holds a round for some seconds while the user acts.
    private static let mostRounds = 600
    private static let pause = Duration.seconds(1)

    func call(_ tool: String, _ arguments: JSONObject) async throws -> ToolOutcome {
        var parameters: JSONObject = ["name": .string(tool), "arguments": .object(arguments)]
        var answers: [String: LinkAnswer] = [:]
        for round in 0..<Self.mostRounds {
            let request = StatelessRequest("tools/call", name: tool, parameters)
            let answer = try await transport.send(request.message, request.fields)
            if let outcome = ToolOutcome(challengeIn: answer) { return outcome }
            guard let result = answer.result else { return ToolOutcome(refusalIn: answer) }
            guard result["resultType"]?.string == "input_required" else { return .result(result) }
            parameters["requestState"] = result["requestState"]
            var replies = JSONObject()
            for (key, wanted) in result["inputRequests"]?.object?.members ?? [] {
                let link = try LinkRequest(wanted.object?["params"]?.object)
                let answer = if let known = answers[link.url] { known } else { try await open(link) }
                answers[link.url] = answer
                replies[key] = ["action": .string(answer.rawValue)]
            }
            parameters["inputResponses"] = replies.members.isEmpty ? nil : .object(replies)
            // A server that holds no round must not be asked without a pause.
            if round > 0 { try await Task.sleep(for: Self.pause) }
        }
        throw ClientFailure(
            "The tool still waits for its user after \(Self.mostRounds) rounds, so the call was given up.")
    }
}
