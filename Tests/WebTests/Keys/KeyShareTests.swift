import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import AuthorizationServer
@testable import Storage

@Suite("Strangers with keys take nothing from the others")
struct KeyShareTests {
    private static let refresh = [("grant_type", "refresh_token"), ("refresh_token", "foreign")]
    private static let purpose = "client assertion"

    private func fill(_ h: Harness, _ share: ReplayShare) async throws {
        try await h.gatehouse.store.write {
            _ = try $0.execute(
                """
                INSERT INTO spent_token_shares (share, count) VALUES (?1, ?2)
                ON CONFLICT (share) DO UPDATE SET count = excluded.count
                """, share.name.stored, share.limit)
        }
    }

    /// Registers a client with this key and returns its id.
    private func register(_ h: Harness, _ key: AssertionKey) async throws -> String {
        let answer = try await h.register(
            Harness.registration(["token_endpoint_auth_method": "private_key_jwt", "jwks": .object(key.set)]))
        return answer.json["client_id"]?.string ?? ""
    }

    private func authenticate(_ h: Harness, _ key: AssertionKey, as id: String) async throws -> TestResponse {
        try await h.send("/token", Self.refresh + key.form(of: id, now: h.clock.now))
    }

    @Test func `a memory that strangers filled with assertions refuses strangers, and nobody whom somebody accepted`()
        async throws
    {
        try await Harness.run { h in
            let (stranger, accepted, robot, server) = (AssertionKey(), AssertionKey(), AssertionKey(), AssertionKey())
            _ = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: robot)
            let resource = try await h.gatehouse.addServer("https://keyed.example/mcp", key: server)
            let strange = try await register(h, stranger)
            let known = try await register(h, accepted)
            let grant = try await h.code(nil, ["client_id": known, "redirect_uri": Harness.loopback])
            #expect(try await authenticate(h, stranger, as: strange).error == "invalid_grant")
            try await fill(h, .strangers(for: Self.purpose))
            let refused = try await authenticate(h, stranger, as: strange)
            #expect(refused.status == .serviceUnavailable && refused.error == "temporarily_unavailable")
            #expect(try await authenticate(h, robot, as: "robot").error == "invalid_grant")
            let introspection = try await h.send(
                "/introspect", [("token", "x")] + server.form(of: resource.id.string, now: h.clock.now))
            #expect(introspection.status == .ok)
            let redeemed = try await h.send(
                "/token",
                [
                    ("grant_type", "authorization_code"), ("code", grant.code), ("code_verifier", grant.verifier),
                    ("redirect_uri", Harness.loopback),
                ] + accepted.form(of: known, now: h.clock.now))
            #expect(redeemed.status == .ok, "a user approved this client")
        }
    }

    @Test func `pushes of strangers with proofs keep out no registered client that authenticates`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            _ = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            try await fill(h, .strangers(for: "DPoP proof"))
            let refused = try await h.proofs.send(
                "/par", h.request(), proofs: [try h.proofs.proof(ProofKey(), at: "/par")])
            #expect(refused.status == .serviceUnavailable && refused.error == "temporarily_unavailable")
            let form = h.request(["client_id": "vault"]) + [("client_secret", secret.reveal())]
            let pushed = try await h.proofs.send("/par", form, proofs: [try h.proofs.proof(ProofKey(), at: "/par")])
            #expect(pushed.status == .created)
        }
    }

    @Test func `a client that fills its own share keeps itself out and nobody else`() async throws {
        try await Harness.run { h in
            let (robot, other) = (AssertionKey(), AssertionKey())
            _ = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: robot)
            _ = try await h.gatehouse.register("other", redirects: [Harness.redirect], key: other)
            try await fill(h, .own(of: "robot", for: Self.purpose))
            #expect(try await authenticate(h, robot, as: "robot").status == .serviceUnavailable)
            #expect(try await authenticate(h, other, as: "other").error == "invalid_grant")
        }
    }

    @Test func `strangers evict no key set of a client that a user approved`() async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            scene.serve([key])
            scene.publish(keysAt: scene.host.id(DocumentScene.keySet))
            let tokens = try await scene.redeem(key: key).tokens
            let sets = scene.h.gatehouse.resourceAuthentication.assertions.keySets
            let assertion = try ClientAssertion(key.assertion(of: "x", now: scene.h.clock.now))
            for number in 0...KeySetMemory.capacity {
                let keys = ClientKeys.inline(Array(#"{"keys":[],"n":\#(number)}"#.utf8))
                let source = KeySetSource.client(try ClientID("stranger-\(number)"), isKnown: false)
                #expect(try await sets.keys(for: assertion, keys, from: source, now: scene.h.clock.now).isEmpty)
            }
            scene.host.answer(LoopbackServer.http("500 Internal Server Error", body: ""), at: DocumentScene.keySet)
            scene.h.clock.advance(by: 3_700)
            #expect(try await scene.refresh(tokens.refresh, key: key).status == .ok, "the last good set is still here")
        }
    }

    @Test func `a full memory of key sets gives up the oldest set and the oldest attempt only`() {
        var memory = KeySetMemory()
        let start = Timestamp(seconds: 1_000)
        func place(_ number: Int) -> KeySetPlace {
            KeySetPlace(keys: .url("https://a.example/\(number)"), source: .administrator)
        }
        for number in 0...KeySetMemory.capacity {
            let now = start + Int64(number)
            memory[place(number)] = KeySetMemory.Entry(set: JWKSet([]), fetchedAt: now, freshUntil: now)
            memory.record(KeySetMemory.Attempt(at: now), at: place(number))
        }
        #expect(memory[place(0)] == nil && memory.attempt(at: place(0)) == nil)
        for number in [1, 2, KeySetMemory.capacity] {
            #expect(memory[place(number)] != nil && memory.attempt(at: place(number)) != nil)
        }
    }
}
