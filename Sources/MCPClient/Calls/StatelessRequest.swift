package import JOSE

/// A request of MCP 2026-07-28, which carries version and capabilities itself and repeats them in header fields.
///
/// Spec: MCP 2026-07-28 §Transports
package struct StatelessRequest: Sendable {
    /// The protocol version.
    package static let version = "2026-07-28"

    /// The JSON-RPC message.
    package let message: JSONObject
    /// The header fields, without credentials.
    package let fields: [(name: String, value: String)]

    /// A request of this method with its parameters. `name` is the name of the tool in a call. The client opens links.
    package init(
        _ method: String, name: String?, _ parameters: JSONObject, client: String = "gatehouse", id: Int64 = 1
    ) {
        let envelope: JSONObject = [
            "io.modelcontextprotocol/protocolVersion": .string(Self.version),
            "io.modelcontextprotocol/clientInfo": ["name": .string(client), "version": "1"],
            "io.modelcontextprotocol/clientCapabilities": ["elicitation": ["url": [:]]],
        ]
        var parameters = parameters
        parameters["_meta"] = .object(envelope)
        message = ["jsonrpc": "2.0", "id": .integer(id), "method": .string(method), "params": .object(parameters)]
        var fields = [
            (name: "Accept", value: "application/json, text/event-stream"),
            (name: "MCP-Protocol-Version", value: Self.version), (name: "Mcp-Method", value: method),
        ]
        if let name { fields.append((name: "Mcp-Name", value: Self.encoded(name))) }
        self.fields = fields
    }

    /// A name as a field can carry it: as it is in visible ASCII, otherwise in Base64.
    static func encoded(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !name.hasPrefix("=?base64?")
        return isPlain ? name : "=?base64?\(Base64.encode(Array(name.utf8)))?="
    }
}
