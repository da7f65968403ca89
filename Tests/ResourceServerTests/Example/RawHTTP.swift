import Foundation
import Glibc
import JOSE

/// One request over a plain socket, byte for byte as the test spells it.
struct RawHTTP {
    var method = "POST"
    var path = "/mcp"
    var fields: [(String, String)] = []
    var body: [UInt8] = []

    /// An answer, taken apart at its first empty line.
    struct Answer {
        let status: Int
        let head: String
        let body: String

        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }

        var json: JSONObject? { try? JSONObject(parsing: Array(body.utf8)) }
    }

    /// Sends it to a port of the loopback and waits for the other side to close.
    func send(to port: Int) async throws -> Answer {
        let bytes = encoded
        let answer: [UInt8] = try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: the shared queues run the server that is to answer.
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(bytes, port: UInt16(port)) })
            }
        }
        let text = String(decoding: answer, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = String(parts.first ?? "")
        return Answer(
            status: Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0, head: head,
            body: parts.count > 1 ? String(parts[1]) : "")
    }

    private var encoded: [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if method == "POST" { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    struct Failure: Error {}

    private static func exchange(_ bytes: [UInt8], port: UInt16) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure() }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure() }
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.send(descriptor, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
            // A server may answer and close before it has read everything.
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return answer }
            answer += chunk[..<count]
        }
    }
}
