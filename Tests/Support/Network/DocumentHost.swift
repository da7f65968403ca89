import AuthorizationServer
package import JOSE
import NIOCore
package import Outbound
package import Storage
import Synchronization

/// A client's web site on this machine, under a name of its own and a certificate of the tests' authority.
package final class DocumentHost: Sendable {
    /// The name under which it is reached.
    package static let name = "client.example"
    /// The path of the document that every host publishes at first.
    package static let path = "/client.json"

    private final class Shelf: Sendable {
        let replies = Mutex<[String: LoopbackServer.Reply]>([:])
    }

    private let shelf: Shelf
    private let server: LoopbackServer

    /// Starts one that publishes a good document.
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

    /// The client that its document at `path` describes.
    package func id(_ path: String = DocumentHost.path) -> String {
        "https://\(Self.name):\(server.port)\(path)"
    }

    /// How often it was asked for something.
    package var fetches: Int { server.requests.count }

    /// Publishes the usual document with changes; null takes a member out.
    package func publish(_ changes: JSONObject = [:], at path: String = DocumentHost.path, age: Int = 300) {
        var document = Self.usual(id(path))
        for (name, value) in changes.members { document[name] = value == .null ? nil : value }
        answer(document, at: path, age: age)
    }

    /// Publishes the usual document with other values: no value takes a member out, null is published as null.
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

    /// Answers with whatever bytes a test wants; the path `*` stands for all others.
    package func answer(_ reply: LoopbackServer.Reply, at path: String = DocumentHost.path) {
        shelf.replies.withLock { $0[path] = reply }
    }

    /// A fetcher that can reach it, as an operator would let it.
    package func fetcher(
        _ store: Store, allow: [String] = ["*"], block: [String] = [], budget: FetchBudget = .generous
    ) throws -> DocumentFetcher {
        var policy = try FetchPolicy(allow: allow, block: block, privateHosts: ["\(Self.name):\(server.port)"])
        policy.failureStep = .zero
        policy.budget = budget
        // A busy machine takes longer than strangers are given.
        policy.deadline = .seconds(20)
        return DocumentFetcher(
            policy: policy, roots: try TestAuthority.roots(),
            resolver: Resolver { _ in [try SocketAddress(ipAddress: "127.0.0.1", port: 0)] }, rulesIn: store)
    }
}

extension FetchBudget {
    /// Enough that no test meets it by accident.
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
