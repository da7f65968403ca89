import Foundation
import NIOCore
import NIOPosix

/// One request at a time on a connection of its own, for everything that is not measured.
struct PlainHTTP: Sendable {
    struct Answer: Sendable {
        let status: Int
        let cookies: [String]
        let location: String?
        let body: String
        /// The nonce for the next DPoP proof.
        let nonce: String?
    }

    let target: Target

    func get(_ path: String, cookies: [String] = []) async throws -> Answer {
        try await send("GET", path, cookies: cookies)
    }

    func post(
        _ path: String, _ form: [(String, String)], cookies: [String] = [], fields: String = ""
    ) async throws -> Answer {
        let body = Body(type: "application/x-www-form-urlencoded", text: Self.encode(form))
        return try await send("POST", path, cookies: cookies, fields: fields, body)
    }

    /// What an MCP server sends, with its own id and secret.
    func post(_ path: String, json: String, authorization: String) async throws -> Answer {
        try await send(
            "POST", path, fields: "Authorization: \(authorization)\r\n", Body(type: "application/json", text: json))
    }

    static func encode(_ form: [(String, String)]) -> String {
        form.map { "\(Target.encode($0.0))=\(Target.encode($0.1))" }.joined(separator: "&")
    }

    private struct Body {
        let type: String
        let text: String
    }

    private func send(
        _ method: String, _ path: String, cookies: [String] = [], fields: String = "", _ body: Body? = nil
    ) async throws -> Answer {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: target.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var request = "\(method) \(path) HTTP/1.1\r\nHost: localhost:\(target.port)\r\nConnection: close\r\n\(fields)"
        if !cookies.isEmpty { request += "Cookie: \(cookies.joined(separator: "; "))\r\n" }
        if let body {
            request += "Origin: http://localhost:\(target.port)\r\n"
            request += "Content-Type: \(body.type)\r\nContent-Length: \(body.text.utf8.count)\r\n"
        }
        let bytes = ByteBuffer(string: request + "\r\n" + (body?.text ?? ""))
        let text = try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(bytes)
            var received = ByteBuffer()
            for try await var part in inbound { received.writeBuffer(&part) }
            return String(decoding: received.readableBytesView, as: UTF8.self)
        }
        return try Self.answer(text)
    }

    private static func answer(_ text: String) throws -> Answer {
        guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
            throw BenchmarkFailure("the server hung up in the middle of an answer")
        }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        func values(_ name: String) -> [String] {
            lines.filter { $0.lowercased().hasPrefix("\(name):") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
        return Answer(
            status: status,
            cookies: values("set-cookie").compactMap { $0.split(separator: ";").first.map(String.init) },
            location: values("location").first, body: String(text[end.upperBound...]),
            nonce: values("dpop-nonce").first)
    }
}
