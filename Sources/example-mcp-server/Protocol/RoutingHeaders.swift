import HTTPTypes
import JOSE

/// The header fields that repeat parts of a message, for gateways that route without reading bodies.
///
/// Spec: MCP 2026-07-28 §Transports
struct RoutingHeaders: Equatable {
    var protocolVersion: String?
    var method: String?
    var name: String?
    /// The session identifier of the older protocol.
    var session: String?
    /// Whether the client accepts an event stream.
    var takesEvents = false
    /// The name of a repeated field: two readers could use different values of it.
    var duplicated: String?

    init(protocolVersion: String? = nil, method: String? = nil, name: String? = nil) {
        self.protocolVersion = protocolVersion
        self.method = method
        self.name = name
    }

    init(_ fields: HTTPFields) {
        protocolVersion = read("MCP-Protocol-Version", in: fields)
        method = read("Mcp-Method", in: fields)
        name = read("Mcp-Name", in: fields).flatMap(Self.decoded)
        session = read("Mcp-Session-Id", in: fields)
        let accepted = fields[values: .accept].joined(separator: ",").lowercased()
        takesEvents = accepted.contains("text/event-stream") || accepted.contains("*/*")
    }

    private mutating func read(_ name: String, in fields: HTTPFields) -> String? {
        guard let field = HTTPField.Name(name) else { return nil }
        let values = fields[values: field]
        if values.count > 1 { duplicated = name }
        return values.first
    }

    /// Decodes `=?base64?…?=`, in which clients wrap values that a header field cannot contain; nil if it is malformed.
    static func decoded(_ value: String) -> String? {
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else { return value }
        return Base64.decode(value.dropFirst(9).dropLast(2)).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
