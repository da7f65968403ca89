import JOSE
import OAuth
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Pushed authorization requests in the database", .onEachStore)
struct PushedRequestTests {
    private let start = World.start

    private func pushed(
        _ name: String, by pusher: PushedRequest.Pusher? = nil, after seconds: Int64 = 0, of client: ClientID
    ) -> PushedRequest {
        PushedRequest(
            digest: .sha256(name), clientID: client, pusher: pusher ?? .client(client), request: "state=\(name)",
            expiresAt: start + seconds + 90)
    }

    @Test func `a request is found by its client alone, until it expires`() async throws {
        let world = try await World()
        let client = world.client.id
        #expect(try await world.store.write { try $0.pushedRequests.insert(pushed("a", of: client), now: start) })
        try await world.store.read { tx throws in
            #expect(try tx.pushedRequests.find(.sha256("a"), of: client, now: start + 89) == .open("state=a"))
            #expect(try tx.pushedRequests.find(.sha256("a"), of: client, now: start + 90) == nil)
            #expect(try tx.pushedRequests.find(.sha256("a"), of: ClientID("other"), now: start) == nil)
            #expect(try tx.pushedRequests.find(.sha256("b"), of: client, now: start) == nil)
        }
    }

    @Test func `of fifty parallel uses one succeeds, and the others learn of it`() async throws {
        let world = try await World()
        let client = world.client.id
        _ = try await world.store.write { try $0.pushedRequests.insert(pushed("a", of: client), now: start) }
        let earlier = try await withThrowingTaskGroup(of: InteractionID?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.store.write { [start] in
                        try $0.pushedRequests.use(.sha256("a"), of: client, for: .random(), until: start + 3600)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(earlier.count { $0 == nil } == 1)
        #expect(Set(earlier.compactMap(\.self)).count == 1)
        let kept = try await world.store.read { try $0.first("SELECT request FROM pushed_requests") { try $0.text(0) } }
        #expect(kept == "", "the text of a used request is not kept")
    }

    @Test func `a use after the row is gone counts once too, until no page can submit it any more`() async throws {
        let world = try await World()
        let client = world.client.id
        _ = try await world.store.write { try $0.pushedRequests.insert(pushed("a", of: client), now: start) }
        func use() async throws -> InteractionID? {
            try await world.store.write { [start] in
                try $0.pushedRequests.use(.sha256("a"), of: client, for: .random(), until: start + 3600)
            }
        }
        #expect(try await world.store.write { try $0.housekeep(now: start + 90, limit: 10) } == 1)
        #expect(try await use() == nil)
        #expect(try await use() != nil)
        #expect(try await world.store.write { try $0.housekeep(now: start + 3599, limit: 10) } == 0)
        #expect(try await use() != nil)
        #expect(try await world.store.write { try $0.housekeep(now: start + 3600, limit: 10) } == 1)
    }

    @Test func `a pusher has at most 200 open requests, which used and expired ones leave`() async throws {
        let world = try await World()
        let (client, start) = (world.client.id, start)
        try await world.store.write { tx throws in
            for number in 0..<PushedRequest.mostOpen {
                #expect(try tx.pushedRequests.insert(pushed("\(number)", of: client), now: start))
            }
            #expect(try !tx.pushedRequests.insert(pushed("more", of: client), now: start))
            #expect(
                try tx.pushedRequests.insert(
                    pushed("n", by: .network("192.0.2.0/24", site: "192.0.2.0/24"), of: client), now: start))
            #expect(try tx.pushedRequests.use(.sha256("0"), of: client, for: .random(), until: start + 3600) == nil)
            #expect(try tx.pushedRequests.insert(pushed("more", after: 90, of: client), now: start))
            #expect(try !tx.pushedRequests.insert(pushed("again", of: client), now: start))
            #expect(try tx.pushedRequests.insert(pushed("later", after: 90, of: client), now: start + 90))
            #expect(try tx.pushedRequests.openCount(of: .client(client), now: start + 90) == 2)
        }
    }

    @Test func `where networks have too many in all, the site with the most loses its oldest`() async throws {
        let world = try await World()
        let (client, start) = (world.client.id, start)
        func owners() async throws -> [String: Int64] {
            try await world.store.read { tx in
                let rows = try tx.all("SELECT pusher, count(*) FROM pushed_requests GROUP BY pusher") {
                    (try $0.text(0), try $0.integer(1))
                }
                return Dictionary(uniqueKeysWithValues: rows)
            }
        }
        try await world.store.write { tx throws in
            #expect(
                try tx.pushedRequests.insert(
                    pushed("mine", by: .network("quiet", site: "quiet"), of: client), now: start))
            #expect(try tx.pushedRequests.insert(pushed("client", of: client), now: start))
            for number in 1..<PushedRequest.mostOfNetworks {
                let network = PushedRequest.Pusher.network("loud \(number / 190)", site: "loud")
                let one = pushed("\(number)", by: network, after: Int64(number / 190), of: client)
                #expect(try tx.pushedRequests.insert(one, now: start))
            }
        }
        for number in 0..<50 {
            let one = pushed("new \(number)", by: .network("new", site: "new"), after: 60, of: client)
            #expect(try await world.store.write { try $0.pushedRequests.insert(one, now: start) })
        }
        let found = try await owners()
        #expect(found["network quiet"] == 1 && found["client \(client.string)"] == 1 && found["network new"] == 50)
        #expect(found.filter { $0.key.hasPrefix("network") }.values.reduce(0, +) == Int64(PushedRequest.mostOfNetworks))
    }
}
