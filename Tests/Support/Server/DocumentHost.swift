import AuthorizationServer
package import JOSE
import NIOCore
package import Outbound
package import Storage
import Synchronization
package import TestSupport

/// A client's web site on loopback, with its own name and a certificate of the tests' authority.
package final class DocumentHost: Sendable {
    /// The host name.
    package static let name = "client.example"
    /// The path of the initial document.
    package static let path = "/client.json"

    private final class Shelf: Sendable {
        let replies = Mutex<[String: LoopbackServer.Reply]>([:])
    }

    private let shelf: Shelf
    private let server: LoopbackServer

    /// Starts a host that publishes a valid document.
    package init() async throws {
        let shelf = Shelf()
        self.shelf = shelf
        server = try await LoopbackServer.start(tls: TestAuthority.server(Self.name)) { request in
            let target = request.split(separator: " ", maxSplits: 2).dropFirst().first.map(String.init) ?? ""
            return shelf.replies.withLock { $0[target] ?? $0["*"] } ?? LoopbackServer.http("404 Not Found", body: "{}")
        }
        publish()
    }

    /// Stops it.
    package func stop() async throws {
        try await server.stop()
    }

    /// The client id of the document at `path`.
    package func id(_ path: String = DocumentHost.path) -> String {
        "https://\(Self.name):\(server.port)\(path)"
    }

    /// The number of requests.
    package var fetches: Int { server.requests.count }

    /// Publishes the default document with changes; null removes a member.
    package func publish(_ changes: JSONObject = [:], at path: String = DocumentHost.path, age: Int = 300) {
        var document = Self.usual(id(path))
        for (name, value) in changes.members { document[name] = value == .null ? nil : value }
        answer(document, at: path, age: age)
    }

    /// Publishes the default document with changes; nil removes a member, null is published as null.
    package func serve(_ changes: [String: JSON?], at path: String) {
        var document = Self.usual(id(path))
        for (name, value) in changes { document[name] = value }
        answer(document, at: path, age: 300)
    }

    private static func usual(_ id: String) -> JSONObject {
        [
            "client_id": .string(id), "client_name": "Travelling Notebook",
            "redirect_uris": ["http://127.0.0.1/callback", "http://localhost/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
        ]
    }

    private func answer(_ document: JSONObject, at path: String, age: Int) {
        answer(
            LoopbackServer.http(
                "200 OK", "Content-Type: application/json\r\nCache-Control: max-age=\(age)",
                body: String(decoding: JSON.object(document).bytes, as: UTF8.self)), at: path)
    }

    /// Sets the reply at a path; `*` stands for all other paths.
    package func answer(_ reply: LoopbackServer.Reply, at path: String = DocumentHost.path) {
        shelf.replies.withLock { $0[path] = reply }
    }

    /// A fetcher whose policy permits this host, and `privateHosts` besides.
    package func fetcher(
        _ store: Store, allow: [String] = ["*"], block: [String] = [], privateHosts: [String] = [],
        budget: FetchBudget = .generous
    ) throws -> DocumentFetcher {
        var policy = try FetchPolicy(
            allow: allow, block: block, privateHosts: ["\(Self.name):\(server.port)"] + privateHosts)
        policy.failureStep = .zero
        policy.budget = budget
        // A busy machine needs longer than the default deadline.
        policy.deadline = .seconds(20)
        return DocumentFetcher(
            policy: policy, roots: try TestAuthority.roots(),
            resolver: Resolver { _ in [try SocketAddress(ipAddress: "127.0.0.1", port: 0)] }, rulesIn: store)
    }
}

extension FetchBudget {
    /// Limits that no test reaches by accident.
    package static var generous: FetchBudget {
        var budget = FetchBudget()
        budget.inFlightShare = 10_000
        budget.perHost = 10_000
        budget.perHostShare = 10_000
        budget.newHosts = 10_000
        budget.newHostsShare = 10_000
        budget.perDocument = 10_000
        return budget
    }
}
