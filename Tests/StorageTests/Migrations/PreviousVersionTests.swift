import JOSE
import OAuth
import TestSupport
import Testing

@testable import Storage

/// The file behind `previous-version.sql` was written by a server of an earlier version while the demo ran. Its schema was
/// brought to "0016 audit tallies" by the migrations of that time, and tables that the demo leaves empty got rows by hand.
@Suite("A database of the previous version")
struct PreviousVersionTests {
    /// The last moment that the server wrote.
    private static let now = Timestamp(seconds: 1_796_032_200)

    private let folder: TemporaryFolder
    private var raw: RawDatabase { RawDatabase(path: folder.database) }

    init() throws {
        folder = try TemporaryFolder()
        try raw.run(Workspace.text("Tests/StorageTests/Fixtures/previous-version.sql"))
    }

    private func store() throws -> Store { try Store(path: folder.database) }

    @Test func `keeps every row of every table`() throws {
        let before = try raw.rows()
        #expect(Set(before.keys) == Set(try raw.tables()), "the fixture has rows in every table")
        try store().close()
        let after = try raw.rows()
        for (table, rows) in try Self.expected(before) {
            let found = try #require(after[table], "\(table)")
            #expect(found.count == rows.count, "\(table)")
            // A later migration may add columns.
            for row in rows { #expect(found.contains { row.isSubset(of: $0) }, "\(table): \(row.sorted())") }
        }
        #expect(after["users"]?.contains { user in user.contains { $0.hasPrefix("password_hash") } } == false)
        #expect(try raw.brokenReferences() == 0)
    }

    /// The rows after the migrations: logins and credentials have tables of their own, everything else stays as it is.
    private static func expected(_ before: [String: Set<RawDatabase.RowText>]) throws -> [String: Set<
        RawDatabase.RowText
    >] {
        func isHash(_ column: String) -> Bool { column.hasPrefix("password_hash=") }
        var expected = before
        let users = before["users"] ?? []
        let byPassword: Set = ["acr='\(AuthenticationContext.password)'", "amr='pwd'", "vouched_by=NULL"]
        expected["browser_logins"] = Set((expected.removeValue(forKey: "browser_sessions") ?? []).map(byPassword.union))
        expected["users"] = Set(users.map { $0.filter { !isHash($0) } })
        expected["credentials"] = Set(
            try users.map { user -> RawDatabase.RowText in
                let id = try #require(user.first { $0.hasPrefix("id=") }).dropFirst(3)
                let hash = try #require(user.first(where: isHash)).replacing("password_hash=", with: "data=")
                let createdAt = try #require(user.first { $0.hasPrefix("created_at=") })
                return [
                    "id=\(id.replacing("usr_", with: "crd_"))", "user_id=\(id)", "kind='password'", hash, createdAt,
                    "used_at=NULL",
                ]
            })
        for table in ["interactions", "connection_attempts"] {
            expected[table] = Set(
                (expected[table] ?? []).map { row in
                    Set(row.map { $0.replacing("browser_session_id=", with: "browser_login_id=") })
                })
        }
        return expected
    }

    @Test func `has its users, clients, MCP servers, policies and providers`() async throws {
        let store = try store()
        try await store.read { tx in
            let ada = try #require(try tx.users.find(named: "Ada"))
            #expect(try tx.credentials.find(.password, of: ada.id)?.data.hasPrefix("$scrypt$") == true)
            #expect(try tx.clients.list().map(\.id.string) == ["cli", "desk"])
            #expect(try tx.clientRules.list(limit: 9).map(\.target.name) == ["evil.example", "good.example"])
            #expect(try tx.documents.list().count == 1)
            let server = try #require(try tx.resources.list().first)
            #expect(server.scopes.map(\.scope.string) == ["files:read", "files:write"])
            #expect(try tx.resources.policy(of: server.id).elicitationKinds == [.confirm, .secret])
            #expect(try tx.resources.actions(of: server.id).count == 1)
            #expect(try tx.eventStreams.find(of: server.id)?.state == .active)
            let hub = try ProviderName("hub")
            #expect(try tx.providers.find(hub)?.clientSecret != nil)
            #expect(try tx.providers.rule(provider: hub, resource: server.id)?.scope.string == "repo")
            #expect(try tx.connections.find(user: ada.id, resource: server.id, provider: hub)?.tokens != nil)
        }
        try store.close()
    }

    @Test func `has its sessions, codes and waiting requests`() async throws {
        let store = try store()
        try await store.write { tx in
            let ada = try #require(try tx.users.find(named: "ada")).id
            let live = try tx.sessions.live(of: ada, limit: 9, now: Self.now)
            #expect(Set(live.map(\.state)) == [.active, .approved] && live.count == 2)
            let active = try #require(live.first { $0.state == .active })
            let grant = try #require(try tx.sessions.grant(active.id))
            #expect(grant.generation == 3 && grant.turns.count == 2)
            #expect(try tx.sessions.turn(grant, presented: 3, now: Self.now, grace: 0) == .turned(4))
            #expect(try tx.codes.spend(.sha256("code of approved"), now: Self.now))
            #expect(try tx.codes.countRepeat(.sha256("code of live")))
            let ended = try tx.sessions.list(SessionFilter(state: .ended), now: Self.now)
            #expect(Set(ended.compactMap(\.endReason)) == [.replaced, .revokedByAdmin])
            let waiting = try tx.all("SELECT id FROM interactions WHERE state = 'pending'") {
                try $0.id(0, InteractionID.self)
            }
            let id = try #require(waiting.first)
            let interaction = try #require(try tx.interactions.find(id))
            #expect(interaction.userID == ada)
            #expect(try tx.interactions.finish(interaction.id, as: .denied, now: Self.now))
            #expect(try tx.logins.count(of: ada) == 1)
        }
        try store.close()
    }

    @Test func `has its elicitations, jobs and events, and finishes its endings and tallies`() async throws {
        let store = try store()
        let elicitations = try await store.read { try $0.elicitations.list(now: Self.now, limit: 9) }
        #expect(elicitations.count == 4 && elicitations.filter { $0.status == "opened" }.map(\.kind) == ["connect"])
        #expect(try await store.read { try $0.jobs.list(JobFilter(), now: Self.now, limit: 9) }.count == 1)
        let events = try await store.read { try $0.events.list(limit: 9) }
        #expect(events.count == 5 && events.allSatisfy { $0.state == .delivered })
        #expect(try await store.finishEndings(now: Self.now) == 0)
        #expect(try await store.read { try $0.first("SELECT count(*) FROM endings") { try $0.integer(0) } } == 0)
        #expect(try await store.write { try $0.audit.tallies.close(now: nil, limit: 9) } == 1)
        let last = try #require(try await store.read { try $0.audit.tail(limit: 1) }.first)
        #expect(last.entry.action == .tokenRefreshed && last.entry.count == 12)
        try store.close()
    }

    @Test func `has an audit trail that verifies and continues`() async throws {
        let store = try store()
        let chains = try await store.read { try $0.audit.chains() }
        let reports = try #require(chains.last)
        let verdict = try await store.read { try $0.audit.verify() }
        #expect(verdict.records == 36 && verdict.reported == 1 && verdict.checkpointed != nil && verdict.waiting == 12)
        // The chain of reports begins behind its 4th record, and the fixture has no record of that.
        #expect(verdict.defects == [AuditDefect(.cutOff, 4, in: reports)])
        let entry = AuditEntry(.keyRotated, at: Self.now, actor: .system, initiator: .system)
        #expect(try await store.write { try $0.audit.append(entry) }.sequence == 37)
        #expect(try await store.read { try $0.audit.verify() }.defects == verdict.defects)
        try store.close()
    }
}
