import Foundation
import GRDB
import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

@Suite("A database of the version before browser logins and credentials")
struct SignInMigrationTests {
    private static let now = World.start + 60

    @Test func `has every password, and disabled users stay disabled`() async throws {
        let old = try EarlierDatabase()
        try old.migrate()
        let store = try old.store()
        func find(_ name: String) async throws -> ClaimedAccount? {
            try await store.read {
                try $0.credentials.account(
                    named: AccountName(name), provenBy: .password, binding: .sha256("ana's browser"))
            }
        }
        let ana = try await find("ana")
        #expect(ana?.user.id == old.ana && ana?.isKnownBrowser == true && ana?.user.email == "ana@example.com")
        #expect(ana?.credential?.data == "$scrypt$ana" && ana?.credential?.usedAt == nil)
        #expect(ana?.credential?.createdAt == Timestamp(seconds: 900_000))
        let ben = try await find("ben")
        #expect(ben?.user.disabledAt == Timestamp(seconds: 950_000) && ben?.credential?.data == "$scrypt$ben")
        let kept = try #require(ana?.credential)
        #expect(try await store.write { try $0.credentials.use(kept, now: Self.now) })
        try store.close()
    }

    @Test func `has its logins, and waiting requests go on`() async throws {
        let old = try EarlierDatabase()
        try old.migrate()
        let store = try old.store()
        let found = try await store.read { try $0.logins.find(digest: .sha256("ana's cookie"), now: Self.now) }
        #expect(found?.login.id == old.login && found?.user.id == old.ana)
        #expect(found?.login.authentication == .password(at: World.start))
        #expect(found?.login.expiresAt == World.start + 43_200)
        let waiting = try await store.read { tx in
            try tx.interactions.find(old.interaction, waitingIn: .sha256("ana's browser"), now: Self.now)
        }
        #expect(waiting?.browserLoginID == old.login)
        // Signing out still takes along what waits in the login.
        try await store.write { _ = try $0.logins.end(old.login) }
        let left = try await store.read { tx in
            try tx.first("SELECT (SELECT count(*) FROM interactions), (SELECT count(*) FROM connection_attempts)") {
                (try $0.integer(0), try $0.integer(1))
            }
        }
        #expect(left.map { [$0.0, $0.1] } == [0, 0])
        #expect(try await store.check() == [])
        try store.close()
    }
}

/// A database that the schema up to "0016 audit tallies" wrote, with people who are signed in and more on their way.
private final class EarlierDatabase: Sendable {
    let folder: TemporaryFolder
    let ana = UserID.random()
    let login = BrowserLoginID.random()
    let interaction = InteractionID.random()

    init() throws {
        folder = try TemporaryFolder()
        umask(0o077)
        let queue = try DatabaseQueue(path: folder.database)
        try Schema.migrator().migrate(queue, upTo: "0016 audit tallies")
        let ben = UserID.random()
        try queue.write { db in
            for sql in people(ben) + [server, provider] + logins(ben) + waiting { try db.execute(sql: sql) }
        }
        try queue.close()
    }

    func migrate() throws { try store().close() }

    func store() throws -> Store { try Store(path: folder.database) }

    private func people(_ ben: UserID) -> [String] {
        [
            """
            INSERT INTO users (id, subject, name, name_key, email, password_hash, disabled_at, created_at) VALUES
                ('\(ana)', '\(Subject.random())', 'Ana', 'ana', 'ana@example.com', '$scrypt$ana', NULL, 900000),
                ('\(ben)', '\(Subject.random())', 'Ben', 'ben', NULL, '$scrypt$ben', 950000, 900001)
            """,
            """
            INSERT INTO known_browsers (user_id, binding, last_seen_at)
            VALUES ('\(ana)', x'\(hex("ana's browser"))', 1000000), ('\(ben)', x'\(hex("ben's browser"))', 940000)
            """,
        ]
    }

    private func logins(_ ben: UserID) -> [String] {
        [
            """
            INSERT INTO browser_sessions
                (id, digest, user_id, binding, auth_time, created_at, last_seen_at, expires_at) VALUES
                ('\(login)', x'\(hex("ana's cookie"))', '\(ana)', x'\(hex("ana's browser"))', 1000000, 999000, 1000010,
                    1043200),
                ('\(BrowserLoginID.random())', x'\(hex("another cookie"))', '\(ana)', x'\(hex("another browser"))',
                    1000001, 1000001, 1000002, 1043201)
            """
        ]
    }

    private var server: String {
        """
        INSERT INTO resources (id, identifier, comparable, name, owner, secret_digest, created_at)
        VALUES ('res_AAAAAAAAAAAAAAAAAAAAAA', 'https://a.example', 'https://a.example', 'A', 'Ops', zeroblob(32), 1)
        """
    }

    private var provider: String {
        """
        INSERT INTO providers (name, owner, authorization_endpoint, token_endpoint, client_id, auth_method,
            sends_issuer, created_at)
        VALUES ('hub', 'Ops', 'https://hub.example/a', 'https://hub.example/t', 'us', 'none', 0, 1)
        """
    }

    private var waiting: [String] {
        [
            """
            INSERT INTO interactions (id, browser_session_id, user_id, request, state, created_at, expires_at)
            VALUES ('\(interaction)', '\(login)', '\(ana)', '{"state":"x"}', 'pending', 1000000, 1003600)
            """,
            """
            INSERT INTO elicitations (id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message,
                ask, digest, status, version, created_at, expires_at)
            VALUES ('e', 'p', 'res_AAAAAAAAAAAAAAAAAAAAAA', '\(ana)', 's', 'desk', 'x', 'connect', 'Connect', '{}',
                zeroblob(32), 'opened', 2, 1000000, 1000900)
            """,
            """
            INSERT INTO connection_attempts (state_digest, elicitation_id, user_id, browser_session_id, binding,
                provider, asked, proof, created_at, expires_at)
            VALUES (zeroblob(32), 'e', '\(ana)', '\(login)', x'\(hex("ana's browser"))', 'hub', 'repo', x'01', 1000000,
                1000600)
            """,
        ]
    }

    private func hex(_ text: String) -> String {
        Digest.sha256(text).bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
