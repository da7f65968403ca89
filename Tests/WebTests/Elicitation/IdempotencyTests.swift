import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import StorageSupport
import TestSupport
import Testing

@testable import Storage

@Suite("An idempotency key stands for one request")
struct IdempotencyTests {
    private static let key: [String: JSON?] = ["idempotency_key": "k1"]

    @Test func `a retry finds its elicitation, with a refreshed token and in any order of members`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let first = try await Asked(h.ask(tokens.access, Self.key))
            #expect(first.status == .created)
            let token = try await h.refresh(tokens.refresh).tokens.access
            #expect(token != tokens.access)
            let again = try await h.ask(token, Self.key)
            #expect(again.status == .ok && Asked(again).id == first.id)
            let turned: JSONObject = [
                "idempotency_key": "k1", "expires_in": .null, "action": .object(Harness.action),
                "message": "Approve this to go on.", "kind": "confirm", "subject_token": .string(token),
            ]
            #expect(try await Asked(h.call(.post, "/elicitations", turned)).id == first.id)
            #expect(try await h.records(.elicitationCreated).count == 1)
        }
    }

    @Test(
        arguments: [
            ("message", "Approve this, please."), ("expires_in", 600),
            ("action", ["name": "other", "summary": "Other"]),
        ] as [(String, JSON)])
    func `a request that differs in any other member is another one, and changes nothing`(
        member: String, value: JSON
    ) async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let first = try await Asked(h.ask(token, Self.key))
            let conflict = try await h.ask(token, Self.key.merging([member: value]) { $1 })
            #expect(conflict.status == .conflict && conflict.error == "idempotency_conflict")
            let stored = try #require(try await h.stored(first))
            #expect(stored.status == .pending && stored.version == 1)
            #expect(try await h.records(.elicitationCreated).count == 1)
        }
    }

    @Test func `the same key of another person or client is a key of its own`() async throws {
        try await Harness.run { h in
            let first = try await Asked(h.ask(h.tokens().access, Self.key))
            _ = try await h.addUser("bob")
            let bob = h.browser()
            #expect(try await h.open(bob, first, as: "bob").status == .forbidden)
            let second = try await h.ask(h.tokens(bob).access, Self.key)
            #expect(second.status == .created && Asked(second).id != first.id)
            let stored = try #require(try await h.stored(Asked(second)))
            #expect(stored.userID != h.user.id && stored.idempotencyKey == "k1")
        }
    }

    @Test func `a row of an earlier version is compared by what it asks`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let first = try await Asked(h.ask(token, Self.key))
            try await h.gatehouse.store.write { _ = try $0.execute("UPDATE elicitations SET request_digest = NULL") }
            #expect(try await Asked(h.ask(token, Self.key)).id == first.id)
            let other: [String: JSON?] = Self.key.merging(["action": ["name": "other", "summary": "Other"]]) { $1 }
            #expect(try await h.ask(token, other).error == "idempotency_conflict")
        }
    }

    @Test func `of twenty simultaneous retries one creates the elicitation`() async throws {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<20 { group.addTask { try await h.ask(token, Self.key) } }
                return try await group.reduce(into: [TestResponse]()) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == .created }.count == 1)
            #expect(answers.filter { $0.status == .ok }.count == 19)
            #expect(Set(answers.map { Asked($0).id }).count == 1)
        }
    }
}
