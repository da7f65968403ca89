import JOSE
import OAuth
import TestSupport

@testable import Storage

/// One person, one MCP server and one registered client in a fresh store; times count from 1,000,000.
struct World {
    static let start = Timestamp(seconds: 1_000_000)

    let folder: TemporaryFolder
    let store: Store
    let user: User
    let resource: Resource
    let client: RegisteredClient

    init() async throws {
        folder = try TemporaryFolder()
        store = try folder.store()
        user = User(name: "Ana", createdAt: Self.start)
        resource = try Self.resource("https://files.example/mcp")
        client = try RegisteredClient(
            id: ClientID("desk"), name: "Desk", redirectURIs: [RedirectURI("https://desk.example/cb")],
            createdAt: Self.start)
        try await store.write { [user, resource, client] tx in
            _ = try (tx.users.insert(user), tx.resources.insert(resource), tx.clients.insert(client))
        }
    }

    /// A second store on the same rows, as after a restart of the server.
    func reopened() throws -> Store { try folder.store() }

    static func resource(_ identifier: String) throws -> Resource {
        try Resource(
            identifier: ResourceIdentifier(identifier), name: "Files", owner: "Ops",
            scopes: [ResourceScope(scope: Scope("files:read"), description: "Read your files")],
            secretDigest: .sha256("secret"), createdAt: start)
    }

    func session(
        lasting seconds: Int64 = 43_200, idle: Int64 = 1_000_000, from start: Timestamp = start,
        client: ClientID? = nil, host: String? = nil, resource: ResourceID? = nil,
        redirect: String = "https://desk.example/cb"
    ) throws -> Session {
        try Session(
            userID: user.id, clientID: client ?? self.client.id, clientName: "Desk", clientHost: host,
            resourceID: resource ?? self.resource.id, scope: ScopeSet(parsing: "files:read"),
            redirectURI: redirect, binding: .sha256("browser"), createdAt: start,
            expiresAt: start + seconds, idleSeconds: idle, authTime: start, refreshKeyID: "k1")
    }

    func code(of session: Session, lasting seconds: Int64 = 60) throws -> AuthorizationCodeRecord {
        try AuthorizationCodeRecord(
            digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
            clientID: session.clientID, redirectURI: session.redirectURI ?? "",
            challenge: CodeChallenge(for: CodeVerifier(String(repeating: "v", count: 43))),
            expiresAt: session.createdAt + seconds)
    }

    /// Approves a session; its code is open.
    @discardableResult
    func approved(_ session: Session) async throws -> AuthorizationCodeRecord {
        let code = try code(of: session)
        try await store.write { try $0.sessions.approve(session, code: code) }
        return code
    }

    /// Approves a session and redeems its code.
    func active(_ session: Session) async throws -> Session {
        let code = try await approved(session)
        try await store.write { tx in
            guard try tx.codes.spend(code.digest, now: session.createdAt),
                try tx.sessions.activate(session.id, now: session.createdAt)
            else { throw Refused() }
        }
        return session
    }

    /// Presents a refresh generation, as the token endpoint does.
    func turn(_ id: SessionID, _ generation: UInt32, at now: Timestamp, grace: Int64 = 120) async throws -> TurnVerdict
    {
        try await store.write { tx in
            guard let grant = try tx.sessions.grant(id) else { throw Refused() }
            return try tx.sessions.turn(grant, presented: generation, now: now, grace: grace)
        }
    }

    func grant(_ id: SessionID) async throws -> SessionGrant? { try await store.read { try $0.sessions.grant(id) } }
}

extension Authentication {
    /// By password, as this server checks it.
    static func password(at time: Timestamp) -> Self { Self(time: time, context: .password, methods: [.password]) }
}
