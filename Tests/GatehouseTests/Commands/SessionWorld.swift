import Foundation
import JOSE
import OAuth
import Storage
import TestSupport

/// A database with live sessions of a registered client and of clients with metadata documents on hosts.
struct SessionWorld {
    let gatehouse: CommandLineProgram
    static let resource = "https://files.example.org/mcp"
    static let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))

    /// The users, and the client that each of them approved.
    static let approvals = [
        ("ada", "desk"), ("bo", "https://app.bad.example/client.json"), ("cy", "https://bad.example/client.json"),
        ("di", "https://good.example/client.json"),
    ]

    static func play(_ test: (SessionWorld) async throws -> Void) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let world = SessionWorld(gatehouse: gatehouse)
            try await gatehouse.withStore { store in
                try await store.write { tx in try world.furnish(tx) }
            }
            try await test(world)
        }
    }

    private func furnish(_ transaction: Transaction) throws {
        let server = try Resource(
            identifier: ResourceIdentifier(Self.resource), name: "Files", owner: "Team",
            scopes: [ResourceScope(scope: Scope("files:read"), description: "Read")], secretDigest: .sha256("secret"),
            createdAt: Self.now)
        _ = try transaction.resources.insert(server)
        try transaction.clients.insert(
            RegisteredClient(
                id: ClientID("desk"), name: "Desk", redirectURIs: [RedirectURI("https://desk.example/cb")],
                createdAt: Self.now))
        for (name, client) in Self.approvals {
            let user = User(name: name, createdAt: Self.now)
            try transaction.users.insert(user)
            try approve(try session(of: user, ClientID(client), at: server), in: transaction)
        }
    }

    func session(of user: User, _ client: ClientID, at server: Resource) throws -> Session {
        try Session(
            userID: user.id, clientID: client, clientName: "Client", clientHost: client.documentHost,
            resourceID: server.id, scope: ScopeSet(parsing: "files:read"), redirectURI: "https://desk.example/cb",
            binding: .sha256("browser"), createdAt: Self.now, expiresAt: Self.now + 30 * 86_400,
            idleSeconds: 14 * 86_400, authTime: Self.now, refreshKeyID: "k1")
    }

    func approve(_ session: Session, in transaction: Transaction) throws {
        let code = try AuthorizationCodeRecord(
            digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
            clientID: session.clientID, redirectURI: session.redirectURI ?? "",
            challenge: CodeChallenge(for: CodeVerifier(String(repeating: "v", count: 43))),
            expiresAt: session.createdAt + 60)
        try transaction.sessions.approve(session, code: code)
    }

    /// The users with live sessions.
    func live() async throws -> Set<String> {
        let list = try await gatehouse("sessions", "list", "--state", "approved", "--json").json().array ?? []
        return Set(list.compactMap { $0.object?["user"]?.string })
    }

    /// The records of revoked sessions.
    func ends() async throws -> [JSONObject] {
        try await gatehouse("audit", "tail", "--json", "--action", "session.ended").json().array?.compactMap(\.object)
            ?? []
    }

    /// The rules by name.
    func rules() async throws -> [String: String] {
        let rows = try await gatehouse("clients", "rules", "list", "--json").json().array?.compactMap(\.object) ?? []
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"]?.string ?? "", $0["rule"]?.string ?? "") })
    }
}
