package import JOSE
import NIOCore
import NIOHTTP1
import NIOPosix

/// A plain HTTP client for programs on loopback: one connection per request, no redirects.
package struct LoopbackHTTP: Sendable {
    /// A response.
    package struct Response: Sendable {
        /// The status code.
        package let status: Int
        /// The header fields in their order, with lower-case names.
        package let headers: [(name: String, value: String)]
        /// The body.
        package let body: [UInt8]

        /// The body as text.
        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The first header of this name.
        package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

        /// The body as a JSON object.
        package func object() throws -> JSONObject { try JSONObject(parsing: body) }
    }

    private let name: String
    private let port: Int

    /// Makes a client for a port of 127.0.0.1; `name` is the host of the Host field.
    package init(name: String = "127.0.0.1", port: Int) {
        self.name = name
        self.port = port
    }

    /// Sends GET.
    package func get(_ path: String, headers: [(String, String)] = []) async throws -> Response {
        try await send(.GET, path, headers: headers, body: [])
    }

    /// Sends DELETE.
    package func delete(_ path: String, headers: [(String, String)] = []) async throws -> Response {
        try await send(.DELETE, path, headers: headers, body: [])
    }

    /// Posts a form.
    package func post(
        _ path: String, form: KeyValuePairs<String, String>, headers: [(String, String)] = []
    ) async throws -> Response {
        let body = form.map { "\(Self.encode($0.key))=\(Self.encode($0.value))" }.joined(separator: "&")
        let type = ("Content-Type", "application/x-www-form-urlencoded")
        return try await send(.POST, path, headers: headers + [type], body: Array(body.utf8))
    }

    /// Posts a JSON text.
    package func post(_ path: String, json: String, headers: [(String, String)] = []) async throws -> Response {
        try await send(
            .POST, path, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    /// The HTTP Basic header field of a client or an MCP server.
    package static func basic(_ name: String, _ password: String) -> (String, String) {
        ("Authorization", "Basic " + Base64.encode("\(name):\(password)".utf8))
    }

    /// Percent-encodes every character except the unreserved ones.
    package static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default:
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private func send(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)], body: [UInt8]
    ) async throws -> Response {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                        wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
            head.headers = HTTPHeaders(headers)
            if !head.headers.contains(name: "Host") { head.headers.add(name: "Host", value: "\(name):\(port)") }
            if method == .POST { head.headers.add(name: "Content-Length", value: "\(body.count)") }
            try await outbound.write(.head(head))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
            try await outbound.write(.end(nil))
            return try await Self.response(from: inbound)
        }
    }

    private static func response(
        from inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    ) async throws -> Response {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body = ByteBuffer()
        for try await part in inbound {
            switch part {
            case .head(let head):
                status = Int(head.status.code)
                headers = head.headers.map { ($0.name.lowercased(), $0.value) }
            case .body(var bytes):
                body.writeBuffer(&bytes)
            case .end:
                return Response(status: status, headers: headers, body: Array(body.readableBytesView))
            }
        }
        throw StageFailure("the connection closed in the middle of an answer")
    }
}
