import JOSE
import MCPClient
import TestSupport

/// A call of MCP 2026-07-28 by hand: each of its rounds goes where the test wants it.
struct CallRounds: Sendable {
    let token: String
    let tool: String
    var arguments: JSONObject = [:]

    /// What one round was answered.
    struct Answer: Sendable {
        let status: Int
        let result: JSONObject

        /// The state for the next round.
        var state: JSON? { result["requestState"] }
        /// The link for the user.
        var link: String {
            let wanted = result["inputRequests"]?.object?["gatehouse"]?.object
            return wanted?["params"]?.object?["url"]?.string ?? ""
        }
        /// The text of the tool; nil while the call waits.
        var text: String? {
            result["content"]?.array?.compactMap { $0.object?["text"]?.string }.joined(separator: " ")
        }
        var isFailure: Bool { result["isError"]?.bool ?? false }
    }

    /// Sends a round; with a state the client also says that it opened the link.
    func send(to port: Int, _ state: JSON? = nil) async throws -> Answer {
        var parameters: JSONObject = ["name": .string(tool), "arguments": .object(arguments)]
        if let state {
            parameters["requestState"] = state
            parameters["inputResponses"] = ["gatehouse": ["action": "accept"]]
        }
        let request = StatelessRequest("tools/call", name: tool, parameters)
        let fields = request.fields.map { ($0.name, $0.value) } + [("Authorization", "Bearer \(token)")]
        let response = try await LoopbackHTTP(port: port).post(
            "/mcp", json: JSON.object(request.message).text, headers: fields)
        let events = response.text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("data:") }
        let text = events.last.map { String($0.dropFirst(5)) } ?? response.text
        let message = try? JSONObject(parsing: Array(text.utf8))
        return Answer(status: response.status, result: message?["result"]?.object ?? [:])
    }

    /// Sends rounds until the call has ended.
    func end(at port: Int, from state: JSON?) async throws -> Answer {
        var state = state
        for _ in 0..<10 {
            let answer = try await send(to: port, state)
            guard answer.text == nil, let next = answer.state else { return answer }
            state = next
        }
        throw StageFailure("the call did not end within ten rounds")
    }
}
