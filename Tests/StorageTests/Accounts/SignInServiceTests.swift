import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Users, browsers and waiting requests", .onEachStore)
struct PeopleTests {
    private let start = World.start

    private func login(_ world: World, cookie: String = "cookie", at time: Timestamp = World.start) -> BrowserLogin {
        BrowserLogin(
            id: .random(), digest: .sha256(cookie), userID: world.user.id, binding: .sha256("browser"),
            authentication: .password(at: time),
            createdAt: time, lastSeenAt: time, expiresAt: time + 43_200)
    }

    @Test func `a name belongs to one account, in any case and composition`() async throws {
        let world = try await World()
        let twin = User(name: "ANA", createdAt: start)
        #expect(try await world.store.write { try !$0.users.insert(twin) })
        #expect(try await world.store.read { try $0.users.find(named: "aNa")?.id } == world.user.id)
        let rene = User(name: "Ren\u{E9}", createdAt: start)
        #expect(try await world.store.write { try $0.users.insert(rene) })
        #expect(try await world.store.read { try $0.users.find(named: "rene\u{301}") } == rene)
        #expect(try await world.store.read { try $0.users.find(subject: rene.subject) } == rene)
        #expect(try await world.store.read { try $0.users.list().map(\.name) } == ["Ana", "Ren\u{E9}"])
    }

    @Test func `a login ends after half an hour without use, at its end, and when its user is disabled`() async throws {
        let world = try await World()
        let session = login(world)
        try await world.store.write { try $0.logins.insert(session) }
        func isFound(at now: Timestamp) async throws -> Bool {
            try await world.store.read { try $0.logins.find(digest: session.digest, now: now) != nil }
        }
        #expect(try await isFound(at: start + 1_799))
        #expect(try await !isFound(at: start + 1_800))
        try await world.store.write { try $0.logins.touch(browserLogin: session.id, now: start + 59) }
        #expect(try await !isFound(at: start + 1_800))
        var now = start
        while now < start + 43_000 {
            now = now + 1_000
            try await world.store.write { [now] in try $0.logins.touch(browserLogin: session.id, now: now) }
        }
        #expect(try await isFound(at: start + 43_199))
        #expect(try await !isFound(at: start + 43_200))
        try await world.store.write { _ = try $0.users.setDisabled(start, world.user.id) }
        #expect(try await !isFound(at: start + 43_100))
    }

    @Test func `a known browser is remembered after its login ended`() async throws {
        let world = try await World()
        let session = login(world)
        #expect(try await world.store.read { try !$0.isKnownBrowser(session.binding, of: world.user.id) })
        try await world.store.write { tx in
            try tx.logins.insert(session)
            try tx.logins.end(digest: session.digest)
        }
        #expect(try await world.store.read { try $0.isKnownBrowser(session.binding, of: world.user.id) })
        #expect(try await world.store.read { try !$0.isKnownBrowser(.sha256("other"), of: world.user.id) })
    }

    private func waiting(_ login: BrowserLogin, at time: Timestamp = World.start) -> Interaction {
        Interaction(
            userID: login.userID, browserLoginID: login.id, request: "{}", createdAt: time, expiresAt: time + 600)
    }

    @Test func `a request is decided once, and only in time`() async throws {
        let world = try await World()
        let session = login(world)
        let request = waiting(session)
        try await world.store.write { tx in
            try tx.logins.insert(session)
            try tx.interactions.open(request)
        }
        #expect(try await world.store.read { try $0.interactions.find(request.id) } == request)
        #expect(try await world.store.write { try !$0.interactions.finish(request.id, as: .denied, now: start + 600) })
        #expect(try await world.store.write { try $0.interactions.finish(request.id, as: .denied, now: start + 599) })
        #expect(
            try await world.store.write {
                try !$0.interactions.finish(request.id, as: .approved(.random()), now: start + 599)
            })
    }

    @Test func `fifty requests of one user wait at most, and a new one replaces the oldest`()
        async throws
    {
        let world = try await World()
        let session = login(world)
        let other = User(name: "Ben", createdAt: start)
        let others = BrowserLogin(
            id: .random(), digest: .sha256("other"), userID: other.id, binding: .sha256("browser"),
            authentication: .password(at: start),
            createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        let (decided, foreign) = (waiting(session), waiting(others))
        let requests = (0..<120).map { waiting(session, at: start + Int64($0 / 7)) }
        try await world.store.write { tx in
            _ = try tx.users.insert(other)
            for login in [session, others] { try tx.logins.insert(login) }
            for request in [decided, foreign] { try tx.interactions.open(request) }
            _ = try tx.interactions.finish(decided.id, as: .denied, now: start)
            for request in requests { try tx.interactions.open(request) }
        }
        let kept = try await world.store.read { tx in try requests.map { try tx.interactions.find($0.id) != nil } }
        #expect(kept == Array(repeating: false, count: 70) + Array(repeating: true, count: 50))
        #expect(try await world.store.read { try $0.interactions.find(decided.id)?.state } == .denied)
        #expect(try await world.store.read { try $0.interactions.find(foreign.id) } == foreign)
    }

    @Test func `the cache of documents is bounded, and evicts the oldest first`() async throws {
        let world = try await World()
        for index in 0..<5 {
            let bytes = Array("\(index)".utf8)
            let document = try CachedDocument(
                clientID: ClientID("https://h\(index).example/c.json"), bytes: bytes, digest: .sha256(bytes),
                fetchedAt: start, expiresAt: start + 60, lastGoodAt: start + Int64(index))
            try await world.store.write { try $0.documents.store(document, atMost: 3) }
        }
        let kept = try await world.store.read { try $0.documents.list().map(\.clientID.string) }
        #expect(kept == [2, 3, 4].map { "https://h\($0).example/c.json" })
        let id = try ClientID("https://h4.example/c.json")
        #expect(try await world.store.write { try $0.documents.expire(id, now: start) })
        #expect(try await world.store.read { try $0.documents.find(id)?.expiresAt } == start)
    }

    @Test func `a registered client reads back as it was written, and its removal ends its sessions`() async throws {
        let world = try await World()
        let client = try RegisteredClient(
            id: ClientID("closed"), name: "Closed",
            redirectURIs: [RedirectURI("https://a.example/cb"), RedirectURI("http://127.0.0.1/cb")],
            authMethod: .clientSecretPost, secretDigest: .sha256("s"), resources: [world.resource.id], createdAt: start)
        #expect(try await world.store.write { try $0.clients.insert(client) })
        #expect(try await world.store.write { try !$0.clients.insert(client) })
        #expect(try await world.store.read { try $0.clients.find(client.id) } == client)
        let session = try await world.active(world.session(client: client.id))
        let ended = try await world.store.write {
            try $0.clients.remove(client: client.id, .byAdmin(at: start, .clientRemoved))
        }
        #expect(ended?.sessions.map(\.id) == [session.id])
        #expect(try await world.store.read { try $0.clients.list().map(\.id) } == [world.client.id])
    }
}
