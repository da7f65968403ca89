import JOSE
import OAuth
import Testing

@testable import Storage

@Suite("Credentials", .onEachStore)
struct CredentialTests {
    private let start = World.start

    private func password(_ user: UserID, _ data: String = "hash") -> Credential {
        Credential(userID: user, kind: .password, data: data, createdAt: start)
    }

    private func stored(_ world: World, _ kind: CredentialKind = .password) async throws -> Credential? {
        try await world.store.read { try $0.credentials.find(kind, of: world.user.id) }
    }

    @Test func `an account has one password at most, and any number of credentials of other kinds`() async throws {
        let world = try await World()
        let id = world.user.id
        let (first, second) = (password(id), password(id, "another"))
        try await world.store.write { try $0.credentials.insert(first) }
        await #expect(throws: (any Error).self) { try await world.store.write { try $0.credentials.insert(second) } }
        #expect(try await stored(world) == first)
        let key = CredentialKind(rawValue: "key")
        for data in ["one", "two"] {
            let credential = Credential(userID: id, kind: key, data: data, createdAt: start)
            try await world.store.write { try $0.credentials.insert(credential) }
        }
        let count = try await world.store.read {
            try $0.first("SELECT count(*) FROM credentials") { try $0.integer(0) }
        }
        #expect(count == 3)
        #expect(try await stored(world) == first)
    }

    @Test func `a credential belongs to an account that exists`() async throws {
        let world = try await World()
        let credential = password(.random())
        await #expect(throws: (any Error).self) {
            try await world.store.write { try $0.credentials.insert(credential) }
        }
    }

    @Test func `a sign-in records the time, and stores renewed data`() async throws {
        let world = try await World()
        let first = password(world.user.id)
        try await world.store.write { [start] tx in
            try tx.credentials.insert(first)
            #expect(try tx.credentials.use(first, now: start + 5))
        }
        let used = try #require(try await stored(world))
        #expect(used.usedAt == start + 5 && used.data == "hash" && used.createdAt == start && used.id == first.id)
        let isRenewed = try await world.store.write { [start] in
            try $0.credentials.use(used, renewedAs: "stronger", now: start + 6)
        }
        let renewed = try await stored(world)
        #expect(isRenewed && renewed?.data == "stronger" && renewed?.usedAt == start + 6)
        #expect(renewed?.createdAt == start, "a stronger hash is no new password")
    }

    @Test(arguments: [false, true])
    func `a credential that was replaced, or of a disabled account, proves nobody`(isDisabled: Bool)
        async throws
    {
        let world = try await World()
        let seen = password(world.user.id)
        try await world.store.write { [start] tx in
            try tx.credentials.insert(seen)
            if isDisabled {
                try tx.users.setDisabled(start, seen.userID)
            } else {
                try tx.credentials.setPassword("new", of: seen.userID, now: start + 1)
            }
        }
        let before = try await stored(world)
        let isUsed = try await world.store.write { [start] in
            try $0.credentials.use(seen, renewedAs: "x", now: start + 2)
        }
        #expect(!isUsed)
        #expect(try await stored(world) == before)
    }

    @Test func `a password can be set for an account that has one and for one that has none`() async throws {
        let world = try await World()
        let id = world.user.id
        try await world.store.write { [start] in try $0.credentials.setPassword("one", of: id, now: start + 1) }
        let first = try #require(try await stored(world))
        #expect(first.data == "one" && first.createdAt == start + 1 && first.usedAt == nil)
        try await world.store.write { [start] tx in
            _ = try tx.credentials.use(first, now: start + 2)
            try tx.credentials.setPassword("two", of: id, now: start + 3)
        }
        let second = try await stored(world)
        #expect(second?.data == "two" && second?.createdAt == start + 3)
        #expect(second?.usedAt == nil, "nobody has signed in with the new one")
    }

    @Test func `an account is found with its credential by one statement, in any spelling of its name`() async throws {
        let world = try await World()
        let credential = password(world.user.id)
        try await world.store.write { try $0.credentials.insert(credential) }
        func find(_ name: String, _ kind: CredentialKind = .password) async throws -> ClaimedAccount? {
            try await world.store.read {
                try $0.credentials.account(named: AccountName(name), provenBy: kind, binding: .sha256("browser"))
            }
        }
        let found = try await find("ANA")
        #expect(found?.user == world.user && found?.credential == credential && found?.isKnownBrowser == false)
        let other = try await find("ana", CredentialKind(rawValue: "key"))
        #expect(other?.user == world.user && other?.credential == nil)
        #expect(try await find("eve") == nil)
    }

    @Test func `a login stores acr, amr and the issuer that vouched`() async throws {
        let world = try await World()
        let vouched = Authentication(
            time: start, context: AuthenticationContext(rawValue: "urn:strong"),
            methods: [.password, try #require(AuthenticationMethodReference(rawValue: "mfa"))],
            voucher: try OpenIDIssuer("https://people.example"))
        let login = BrowserLogin(
            digest: .sha256("c"), userID: world.user.id, binding: .sha256("b"), authentication: vouched,
            createdAt: start + 5, lastSeenAt: start + 5, expiresAt: start + 43_200)
        func found(_ cookie: String) async throws -> BrowserLogin? {
            try await world.store.read { [start] in
                try $0.logins.find(digest: .sha256(cookie), now: start + 9)?.login
            }
        }
        try await world.store.write { try $0.logins.insert(login) }
        #expect(try await found("c") == login)
        // Another proof replaces all of it: nothing of the stronger one stands for the weaker one.
        let weaker = BrowserLogin(
            digest: .sha256("d"), userID: world.user.id, binding: .sha256("b"),
            authentication: .password(at: start + 6),
            createdAt: start + 6, lastSeenAt: start + 6, expiresAt: start + 43_206)
        let entered = try await world.store.write { try $0.logins.enter(weaker, inPlaceOf: login.digest) }
        #expect(entered.id == login.id)
        #expect(try await found("d")?.authentication == .password(at: start + 6))
        let isRenewed = try await world.store.write {
            try $0.logins.renew(browserLogin: login.id, digest: .sha256("e"), authentication: vouched)
        }
        #expect(isRenewed)
        #expect(try await found("e")?.authentication == vouched)
    }
}
