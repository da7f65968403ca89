package import JOSE

/// The outcome of one attempt to call a tool.
package enum ToolOutcome: Sendable {
    /// The result of the tool, which may report a failure of its own.
    case result(JSONObject)
    /// The MCP server wants another token: none was sent, or it lacks a scope.
    case challenged(status: Int, ReceivedChallenge?)
    /// The MCP server refused the call, with its own words.
    case refused(String)
}

/// Calls tools of an MCP server in the protocol that it speaks, and has its user open the links that it sends.
package struct ToolCaller: Sendable {
    /// How messages reach the MCP server; its token can be replaced.
    package var transport: MCPTransport
    /// Whether the MCP server gets a handshake although it may know the newer protocol.
    private let isHandshake: Bool
    /// Has the user open a link, or not.
    private let open: @Sendable (LinkRequest) async throws -> LinkAnswer

    /// A caller that passes links to `open`, and its answer to the MCP server.
    package init(
        _ transport: MCPTransport, isHandshake: Bool = false,
        open: @escaping @Sendable (LinkRequest) async throws -> LinkAnswer
    ) {
        self.transport = transport
        self.isHandshake = isHandshake
        self.open = open
    }

    /// Calls a tool. The newer protocol is tried first; an MCP server that does not know it gets a handshake.
    package func call(_ tool: String, _ arguments: JSONObject) async throws -> ToolOutcome {
        let handshake = HandshakeCall(transport: transport, open: open)
        if isHandshake { return try await handshake.call(tool, arguments) }
        let discover = StatelessRequest("server/discover", name: nil, [:])
        let answer = try await transport.send(discover.message, discover.fields)
        if let outcome = ToolOutcome(challengeIn: answer) { return outcome }
        let versions = answer.result?["supportedVersions"]?.strings ?? []
        guard versions.contains(StatelessRequest.version) else {
            return try await handshake.call(tool, arguments)
        }
        return try await StatelessToolCall(transport: transport, open: open).call(tool, arguments)
    }
}

extension ToolOutcome {
    /// The demand for another token; nil for any other answer.
    init?(challengeIn answer: MCPTransport.Answer) {
        guard [401, 403].contains(answer.status) else { return nil }
        self = .challenged(status: answer.status, answer.challenge)
    }

    /// The refusal in an answer without a result.
    init(refusalIn answer: MCPTransport.Answer) {
        let words = answer.error?["message"]?.string
        self = .refused(words ?? "It answered with status \(answer.status) and no result.")
    }
}
