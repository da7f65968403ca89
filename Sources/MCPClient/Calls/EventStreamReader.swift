package import JOSE

/// Reads the messages of an event stream as its bytes arrive, or the one message of a JSON body at its end.
///
/// Spec: MCP 2025-11-25 §Transports
package struct EventStreamReader: Sendable {
    private var rest: [UInt8] = []
    private var data: [UInt8] = []
    private var count = 0

    /// A bound on memory, in bytes.
    static let longest = 8 * 1024 * 1024

    /// A reader at the beginning of a body.
    package init() {}

    /// The messages that these bytes complete. An event that is not a JSON object is passed over.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(ClientFailure) -> [JSONObject] {
        rest += bytes
        guard rest.count + data.count <= Self.longest else {
            throw ClientFailure("The MCP server sends a message of more than 8 MiB, which was not read.")
        }
        var messages: [JSONObject] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = rest[..<end]
            rest = Array(rest[(end + 1)...])
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.isEmpty {
                if let message = try? JSONObject(parsing: data) { messages.append(message) }
                data = []
            } else if line.starts(with: "data:".utf8) {
                let value = line.dropFirst(5)
                if !data.isEmpty { data.append(UInt8(ascii: "\n")) }
                data += value.first == UInt8(ascii: " ") ? value.dropFirst() : value
            }
        }
        return messages
    }
}
