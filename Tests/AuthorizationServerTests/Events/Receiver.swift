import Foundation
import JOSE
import OAuth
import ServerSupport
import Synchronization
import TestSupport

@testable import AuthorizationServer

/// The events endpoint of an MCP server: keeps what it gets and answers as a test tells it to.
final class Receiver: Sendable {
    private final class Script: Sendable {
        let reply = Mutex(LoopbackServer.http("202 Accepted", body: ""))
        let replies = Mutex<[String: LoopbackServer.Reply]>([:])

        func answer(_ request: String) -> LoopbackServer.Reply {
            let token = request.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? ""
            let id = Receiver.claims(of: token)?["jti"]?.string ?? ""
            return replies.withLock { $0[id] } ?? reply.withLock { $0 }
        }
    }

    private let script = Script()
    private let server: LoopbackServer

    init() async throws {
        server = try await LoopbackServer.start { [script] in script.answer($0) }
    }

    /// Where it listens.
    var endpoint: String { "http://127.0.0.1:\(server.port)/events" }

    /// Answers everything so from now on.
    func answers(_ status: String, _ fields: String = "X: y", body: String = "") {
        script.reply.withLock { $0 = LoopbackServer.http(status, fields, body: body) }
    }

    /// Answers one event so from now on, whatever the others get.
    func answers(_ status: String, to id: String) {
        script.replies.withLock { $0[id] = LoopbackServer.http(status, body: "") }
    }

    /// Answers nothing from now on.
    func isSilent() { script.reply.withLock { $0 = .silence } }

    /// The tokens that came, in order.
    var tokens: [String] {
        server.requests.map { String($0.split(separator: "\r\n\r\n", maxSplits: 1).last ?? "") }
    }

    /// The claims of what came, in order.
    var claims: [JSONObject] { tokens.compactMap(Self.claims) }

    private static func claims(of token: String) -> JSONObject? {
        let parts = token.split(separator: ".")
        guard parts.count == 3, let bytes = Base64URL.decode(parts[1]) else { return nil }
        return try? JSONObject(parsing: bytes)
    }

    /// The ids of what came, in order, but for verification events.
    var ids: [String] { claims.filter { Self.state(in: $0) == nil }.compactMap { $0["jti"]?.string } }

    /// The state of the last verification event that came.
    var state: String? { claims.compactMap(Self.state).last }

    private static func state(in claims: JSONObject) -> String? {
        claims["events"]?.object?["https://schemas.openid.net/secevent/ssf/event-type/verification"]?.object?["state"]?
            .string
    }

    func stop() async throws { try await server.stop() }
}
