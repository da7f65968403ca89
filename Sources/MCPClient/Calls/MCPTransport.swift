package import JOSE
import NIOCore
package import Outbound
import Synchronization

/// Sends messages to an MCP server, one HTTP request each, and reads answers as JSON or as an event stream.
///
/// Spec: MCP 2025-11-25 §Transports
package struct MCPTransport: Sendable {
    private let server: RemoteURL
    private let client: OperatorClient
    /// The access token; nil for requests without one. It is in memory alone.
    package var token: Secret?

    /// The longest wait for an answer in seconds. A user may have to act in the meantime.
    private static let patience: Int64 = 900

    /// What an MCP server answered to one message.
    package struct Answer: Sendable {
        /// The HTTP status.
        package let status: Int
        /// The challenge of a refusal.
        package let challenge: ReceivedChallenge?
        /// The JSON-RPC response; nil if there is none.
        package let message: JSONObject?
        /// The session identifier that the answer brings.
        package let session: String?

        /// The result of the response.
        package var result: JSONObject? { message?["result"]?.object }
        /// The error of the response.
        package var error: JSONObject? { message?["error"]?.object }
    }

    /// A transport to the MCP server of a look-up.
    package init(_ lookup: ProtectedResourceLookup, by client: OperatorClient) {
        server = lookup.server
        self.client = client
    }

    /// Sends a message. `hear` gets the requests and notifications that arrive before the answer.
    package func send(
        _ message: JSONObject, _ fields: [(name: String, value: String)],
        hear: @escaping @Sendable (JSONObject) async throws -> Void = { _ in }
    ) async throws -> Answer {
        let (arrivals, arrival) = AsyncStream<JSONObject>.makeStream()
        let sending = Task { [self] in
            defer { arrival.finish() }
            return try await exchange(message, fields) { arrival.yield($0) }
        }
        defer { sending.cancel() }
        var response: JSONObject?
        for await heard in arrivals {
            if heard["method"] == nil, heard["id"] == message["id"] {
                response = heard
            } else {
                try await hear(heard)
            }
        }
        let (answer, body) = try await sending.value
        let whole = body.isEmpty ? nil : try? JSONObject(parsing: body)
        return Answer(
            status: answer.status,
            challenge: ReceivedChallenge.forTokens(in: answer.values(of: "www-authenticate")),
            message: response ?? whole, session: answer.values(of: "mcp-session-id").first)
    }

    /// One exchange: the head with the bytes of a body that is no event stream. Messages of a stream go to `heard`.
    private func exchange(
        _ message: JSONObject, _ fields: [(name: String, value: String)],
        _ heard: @escaping @Sendable (JSONObject) -> Void
    ) async throws -> (OutboundResponse, body: [UInt8]) {
        var fields = fields
        if let token {
            fields.append((name: "Authorization", value: "Bearer \(String(decoding: token.bytes, as: UTF8.self))"))
        }
        let reading = Mutex((reader: EventStreamReader(), whole: [UInt8](), isStream: false))
        do {
            let answer = try await client.stream(
                server, body: message.bytes, contentType: "application/json", fields: fields, within: Self.patience
            ) { bytes in
                try reading.withLock { reading in
                    let messages = try reading.reader.read(bytes)
                    for message in messages { heard(message) }
                    // A stream may last for long. The reader does not bound a body of short lines that are no events.
                    reading.isStream = reading.isStream || !messages.isEmpty
                    reading.whole = reading.isStream ? [] : reading.whole + bytes
                    guard reading.whole.count <= EventStreamReader.longest else {
                        throw ClientFailure("it sends more than 8 MiB without a message")
                    }
                }
            }
            return (answer, answer.status == 200 ? reading.withLock { $0.whole } : answer.body)
        } catch {
            throw ClientFailure("Cannot reach the MCP server \(server): \(error).")
        }
    }
}
