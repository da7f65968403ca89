import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Sessions", .onEachStore)
struct SessionTests {
    private let start = World.start

    @Test func `a grant has everything that the standing rule and the token issuer need`() async throws {
        let world = try await World()
        let session = try await world.active(world.session())
        let grant = try #require(try await world.grant(session.id))
        #expect(grant.subject == .user(world.user.subject) && grant.user?.name == "Ana" && !grant.userIsDisabled)
        #expect(grant.resource == world.resource.identifier && !grant.resourceIsGone && !grant.clientIsBlocked)
        #expect(grant.scope == session.scope && grant.state == .active && grant.generation == 1)
        #expect(grant.refreshKeyID == "k1" && grant.authTime == start && grant.turns.isEmpty)
        #expect(grant.state(at: start + 43_199) == .active && grant.state(at: start + 43_200) == .expired)
        let stored = try await world.store.read { try $0.sessions.find(session.id) }
        #expect(stored?.state == .active && stored?.binding == session.binding)
    }

    @Test func `the grant shows a disabled user, a blocked host, a removed client and a removed MCP server at once`()
        async throws
    {
        let world = try await World()
        let session = try await world.active(world.session())
        let url = try ClientID("https://app.example/client.json")
        let hosted = try await world.active(world.session(client: url, host: "app.example"))
        try await world.store.write { tx in
            try tx.users.setDisabled(start, world.user.id)
            try tx.clientRules.set(ClientRule(.host("app.example"), .block, createdAt: start))
            try tx.execute("DELETE FROM clients WHERE id = ?1", "desk")
            try tx.execute("UPDATE resources SET removed_at = ?1", 1)
        }
        let grant = try #require(try await world.grant(session.id))
        #expect(grant.userIsDisabled && grant.clientIsBlocked && grant.resourceIsGone)
        #expect(try await world.grant(hosted.id)?.clientIsBlocked == true)
        #expect(try await world.store.read { try $0.clientRules.block(client: url, host: "app.example") } != nil)
    }

    @Test func `a block of the client wins over a rule that admits its host`() async throws {
        let world = try await World()
        let url = try ClientID("https://app.example/client.json")
        let session = try await world.active(world.session(client: url, host: "app.example"))
        try await world.store.write { tx in
            try tx.clientRules.set(ClientRule(.host("app.example"), .allow, createdAt: start))
            try tx.clientRules.set(ClientRule(.client(url), .block, createdAt: start))
        }
        #expect(try await world.grant(session.id)?.clientIsBlocked == true)
        #expect(try await world.store.read { try $0.clientRules.host("app.example") } == .allow)
        #expect(try await world.store.write { try $0.clientRules.remove(about: .client(url)) })
        #expect(try await world.grant(session.id)?.clientIsBlocked == false)
    }

    @Test func `the idle timeout expires a session, and a late use does not revive it`() async throws {
        let world = try await World()
        let session = try await world.active(world.session(idle: 100))
        try await world.store.write { try $0.sessions.touch(sessions: [(session.id, start + 50)]) }
        #expect(try await world.grant(session.id)?.state(at: start + 149) == .active)
        #expect(try await world.grant(session.id)?.state(at: start + 150) == .expired)
        try await world.store.write {
            try $0.sessions.touch(sessions: [(session.id, start + 150), (session.id, start + 20)])
        }
        #expect(try await world.grant(session.id)?.lastUsedAt == start + 50)
    }

    @Test func `an end is final and deletes the open code`() async throws {
        let world = try await World()
        let session = try world.session()
        let code = try await world.approved(session)
        #expect(
            try await world.store.write { try $0.sessions.end(session.id, .byAdmin(at: start + 1, .revokedByPerson)) })
        #expect(try await world.store.write { try !$0.sessions.end(session.id, .byAdmin(at: start + 2, .expired)) })
        #expect(try await world.store.write { try !$0.codes.spend(code.digest, now: start + 2) })
        #expect(try await world.store.write { try !$0.sessions.activate(session.id, now: start + 2) })
        let stored = try await world.store.read { try $0.sessions.find(session.id) }
        #expect(stored?.endReason == .revokedByPerson && stored?.endedAt == start + 1)
    }

    @Test func `the removal of an MCP server ends its sessions, and a new registration has none of them`() async throws
    {
        let world = try await World()
        let session = try await world.active(world.session())
        let open = try world.session()
        try await world.approved(open)
        let again = try World.resource("https://files.example:443/mcp")
        #expect(try await world.store.write { try !$0.resources.insert(again) })
        let ended = try await world.store.write {
            try $0.resources.remove(resource: world.resource.id, .byAdmin(at: start + 5, .resourceRemoved))
        }
        #expect(Set(ended?.sessions.map(\.id) ?? []) == [session.id, open.id])
        #expect(
            try await world.store.write {
                try $0.resources.remove(resource: world.resource.id, .byAdmin(at: start + 6))
            } == nil)
        #expect(try await world.store.write { try $0.resources.insert(again) })
        #expect(try await world.grant(session.id)?.state == .ended)
        #expect(try await world.grant(session.id)?.resourceIsGone == true)
        #expect(
            try await world.store.read { try $0.resources.find(comparable: again.identifier.comparable)?.id }
                == again.id)
        let held = try await world.store.read {
            try $0.sessions.live(user: world.user.id, client: world.client.id, resource: again.id, now: start)
        }
        #expect(held.isEmpty)
    }

    @Test func `pages continue behind a cursor, newest first, and filters select`() async throws {
        let world = try await World()
        let other = try World.resource("https://mail.example/mcp")
        try await world.store.write { _ = try $0.resources.insert(other) }
        var made: [SessionID] = []
        for index in 0..<7 {
            let session = try world.session(
                idle: index == 0 ? 1 : 1_000_000, from: start + Int64(index / 2), resource: index == 6 ? other.id : nil)
            made.append(try await world.active(session).id)
        }
        var seen: [Session] = []
        var cursor: SessionCursor?
        repeat {
            let page = try await world.store.read { [cursor] in
                try $0.sessions.list(after: cursor, limit: 3, now: start + 9)
            }
            seen += page
            cursor = page.last.map { SessionCursor(after: $0) }
        } while cursor != nil
        #expect(Set(seen.map(\.id)) == Set(made) && seen.count == 7)
        #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
        func count(_ filter: SessionFilter) async throws -> Int {
            try await world.store.read { try $0.sessions.list(filter, now: start + 9).count }
        }
        #expect(try await count(SessionFilter(resource: other.id)) == 1)
        #expect(try await count(SessionFilter(ids: [made[1], made[2]])) == 2)
        #expect(try await count(SessionFilter(state: .expired)) == 1)
        #expect(try await count(SessionFilter(user: world.user.id, client: world.client.id, state: .active)) == 6)
        #expect(try await count(SessionFilter(host: "nowhere.example")) == 0)
        #expect(try await count(SessionFilter(idleSince: start)) == 1, "one of both is over")
    }

    @Test func `each refresh key of live sessions is listed once`() async throws {
        let world = try await World()
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == [])
        let session = try await world.active(world.session())
        _ = try await world.active(world.session())
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == ["k1"])
        try await world.store.write {
            _ = try $0.execute("UPDATE sessions SET refresh_key = 'k0' WHERE id = ?1", session.id.string)
        }
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == ["k0", "k1"])
        _ = try await world.store.write { try $0.sessions.end(session.id, .byAdmin(at: start, .expired)) }
        #expect(try await world.store.read { try $0.refreshKeysInUse() } == ["k1"])
    }

    @Test func `an earlier approval is known, and approves nothing`() async throws {
        let world = try await World()
        #expect(
            try await world.store.read { try !$0.sessions.hasApproved(user: world.user.id, client: world.client.id) })
        let session = try await world.active(world.session())
        _ = try await world.store.write { try $0.sessions.end(session.id, .byAdmin(at: start, .expired)) }
        #expect(
            try await world.store.read { try $0.sessions.hasApproved(user: world.user.id, client: world.client.id) })
    }
}
