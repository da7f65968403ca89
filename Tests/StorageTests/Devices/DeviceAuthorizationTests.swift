import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Device authorizations in the database", .onEachStore)
struct DeviceAuthorizationTests {
    private let start = World.start

    private func request(
        _ name: String, by party: PushedRequest.Pusher? = nil, after seconds: Int64 = 0, code: String? = nil,
        _ world: World
    ) -> DeviceAuthorization {
        DeviceAuthorization(
            digest: .sha256(name), userCode: .sha256("user " + (code ?? name)), clientID: world.client.id,
            party: party ?? .client(world.client.id), resource: world.resource.identifier, scope: nil,
            address: "192.0.2.7", createdAt: start + seconds, expiresAt: start + seconds + 600)
    }

    /// Stores a request that an interaction of the user has, and returns both.
    private func taken(_ name: String, in world: World) async throws -> (Digest, InteractionID) {
        let request = request(name, world)
        let login = BrowserLogin(
            digest: .sha256("login of \(name)"), userID: world.user.id, binding: .sha256("browser"),
            authentication: .password(at: start), createdAt: start, lastSeenAt: start, expiresAt: start + 43_200)
        let interaction = Interaction(
            userID: world.user.id, browserLoginID: login.id, request: "{}", createdAt: start, expiresAt: start + 600)
        try await world.store.write { tx throws in
            #expect(try tx.devices.insert(request, now: start) == .stored)
            #expect(try tx.devices.take(request.digest, for: interaction.id, now: start))
            _ = try tx.logins.enter(login, inPlaceOf: nil)
            try tx.interactions.open(interaction)
        }
        return (request.digest, interaction.id)
    }

    private let origin = DeviceOrigin(
        requestedAt: World.start, requestedFrom: "192.0.2.7", approvedFrom: "198.51.100.4")

    @Test func `a request is found by both digests, and by its user code only while it is pending`() async throws {
        let world = try await World()
        let stored = request("a", world)
        #expect(try await world.store.write { try $0.devices.insert(stored, now: start) } == .stored)
        try await world.store.read { tx throws in
            let found = try #require(try tx.devices.find(.sha256("a")))
            #expect(found.clientID == world.client.id && found.resource == world.resource.identifier)
            #expect(found.state == .pending && found.polling == DevicePolling() && found.address == "192.0.2.7")
            #expect(try tx.devices.find(userCode: .sha256("user a"), now: start + 599)?.digest == stored.digest)
            #expect(try tx.devices.find(userCode: .sha256("user a"), now: start + 600) == nil)
            #expect(try tx.devices.find(userCode: .sha256("a"), now: start) == nil)
        }
        #expect(try await world.store.write { try $0.devices.deny(stored.digest, now: start) })
        try await world.store.read { tx throws in
            #expect(try tx.devices.find(userCode: .sha256("user a"), now: start) == nil)
            #expect(try tx.devices.find(stored.digest)?.state == .denied)
        }
    }

    @Test func `no two requests have one user code, whatever state the first is in`() async throws {
        let world = try await World()
        try await world.store.write { tx throws in
            #expect(try tx.devices.insert(request("a", code: "x", world), now: start) == .stored)
            #expect(try tx.devices.insert(request("b", code: "x", world), now: start) == .taken)
            #expect(try tx.devices.deny(.sha256("a"), now: start))
            #expect(try tx.devices.insert(request("b", code: "x", world), now: start) == .taken)
        }
    }

    @Test func `of fifty parallel approvals and redemptions one succeeds`() async throws {
        let world = try await World()
        let (digest, interaction) = try await taken("a", in: world)
        let approvals = try await parallel { session in
            try await world.store.write { [start, origin] in
                try $0.devices.approve(digest, in: interaction, beginning: session, origin, until: start + 60)
            }
        } each: {
            try world.session()
        }
        #expect(approvals.count { $0 } == 1)
        #expect(try await world.store.read { try $0.sessions.list(limit: 100, now: start) }.count == 1)
        let redemptions = try await parallel { _ in
            try await world.store.write { [start] in try $0.devices.redeem(digest, now: start) }
        } each: {
            0
        }
        #expect(redemptions.count { $0 } == 1)
    }

    private func parallel<Value: Sendable>(
        _ body: @Sendable @escaping (Value) async throws -> Bool, each value: () throws -> Value
    ) async throws -> [Bool] {
        let values = try (0..<50).map { _ in try value() }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            for value in values { group.addTask { try await body(value) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `a denied or expired request is never approved, and one of another interaction neither`() async throws {
        let world = try await World()
        let (denied, ofDenied) = try await taken("a", in: world)
        let (late, ofLate) = try await taken("b", in: world)
        let sessions = [try world.session(), try world.session(from: start + 600), try world.session()]
        try await world.store.write { [origin] tx throws in
            #expect(try tx.devices.deny(denied, now: start))
            #expect(try !tx.devices.approve(denied, in: ofDenied, beginning: sessions[0], origin, until: start + 60))
            #expect(try !tx.devices.approve(late, in: ofLate, beginning: sessions[1], origin, until: start + 660))
            #expect(try !tx.devices.approve(late, in: .random(), beginning: sessions[2], origin, until: start + 60))
            #expect(try !tx.devices.deny(denied, now: start) && !tx.devices.redeem(denied, now: start))
        }
        #expect(try await world.store.read { try $0.sessions.list(limit: 100, now: start) }.isEmpty)
    }

    @Test func `a request belongs to one interaction, and is free again when that is gone`() async throws {
        let world = try await World()
        let (digest, first) = try await taken("a", in: world)
        try await world.store.write { tx throws in
            #expect(try !tx.devices.take(digest, for: .random(), now: start))
            try tx.interactions.withdraw(first)
            #expect(try tx.devices.take(digest, for: .random(), now: start))
            #expect(try tx.devices.take(digest, for: .random(), now: start + 600) == false)
        }
    }

    @Test func `the origin of a session stays with it and goes with it`() async throws {
        let world = try await World()
        let (digest, interaction) = try await taken("a", in: world)
        let session = try world.session()
        try await world.store.write { [origin] tx throws in
            #expect(try tx.devices.approve(digest, in: interaction, beginning: session, origin, until: start + 60))
        }
        #expect(try await world.store.read { try $0.devices.origin(of: session.id) } == origin)
        #expect(try await world.store.read { try $0.devices.origin(of: .random()) } == nil)
        _ = try await world.store.write { try $0.execute("DELETE FROM sessions") }
        #expect(try await world.store.read { try $0.devices.origin(of: session.id) } == nil)
    }

    @Test func `housekeeping expires what a device did not collect, and forgets a request an hour after its end`()
        async throws
    {
        let world = try await World()
        let (digest, interaction) = try await taken("a", in: world)
        let session = try world.session()
        try await world.store.write { [origin] tx throws in
            #expect(try tx.devices.approve(digest, in: interaction, beginning: session, origin, until: start + 60))
            #expect(try tx.devices.insert(request("b", world), now: start) == .stored)
            _ = try tx.housekeep(now: start + 599, limit: 10)
            #expect(try tx.sessions.find(session.id)?.state == .approved)
            _ = try tx.housekeep(now: start + 600, limit: 10)
            #expect(try tx.sessions.find(session.id)?.endReason == .neverRedeemed)
            #expect(try tx.devices.find(digest)?.state == .unused)
            _ = try tx.housekeep(now: start + 4199, limit: 10)
            #expect(try tx.devices.find(.sha256("b")) != nil)
            _ = try tx.housekeep(now: start + 4200, limit: 10)
            #expect(try tx.devices.find(.sha256("b")) == nil && tx.devices.find(digest) == nil)
        }
    }

    @Test func `a party has at most fifty open requests, and a flood of sites displaces its own`() async throws {
        let world = try await World()
        try await world.store.write { tx throws in
            for number in 0..<50 { #expect(try tx.devices.insert(request("c\(number)", world), now: start) == .stored) }
            #expect(try tx.devices.insert(request("more", world), now: start) == .tooMany)
            for number in 0..<600 {
                let row = request(
                    "f\(number)", by: .network("n\(number / 50)", site: "flood"), after: Int64(number / 100), world)
                #expect(try tx.devices.insert(row, now: start + 10) == .stored)
            }
            let count = try tx.first("SELECT count(*) FROM device_authorizations") { try $0.integer(0) }
            #expect(count == 500)
            #expect(try tx.devices.openCount(of: .client(world.client.id), now: start) == 50)
            #expect(try tx.devices.find(.sha256("f0")) == nil && tx.devices.find(.sha256("f599")) != nil)
        }
    }
}
