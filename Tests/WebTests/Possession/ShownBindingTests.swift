import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("What sessions show says about bound tokens")
struct ShownBindingTests {
    /// `dpop_bound` and `dpop_jkt` of the only session.
    private func binding(_ h: Harness) async throws -> [JSON?] {
        let id = try #require(try await h.sessions().first?.id)
        let row = try #require(try await h.administer(.sessions(.show(id.string))).rows.first)
        return [row["dpop_bound"], row["dpop_jkt"]]
    }

    @Test func `it names the key of a public client, once the client has tokens`() async throws {
        try await Harness.run { h in
            let code = try await h.code()
            #expect(try await binding(h) == [.null, .null])
            let key = ProofKey()
            _ = try await h.proofs.redeem(code, proving: key)
            #expect(try await binding(h) == [true, .string(key.thumbprint)])
        }
    }

    @Test func `it names no key of a client that may change it`() async throws {
        try await Harness.run { h in
            var h = h
            let secret = ClientSecret.random()
            h.registered = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let own = ["client_secret": secret.reveal()]
            _ = try await h.proofs.redeem(try await h.code(), proving: ProofKey(), own)
            #expect(try await binding(h) == [true, .null])
        }
    }

    @Test func `tokens without a key are not bound`() async throws {
        try await Harness.run { h in
            _ = try await h.tokens()
            #expect(try await binding(h) == [false, .null])
        }
    }

    @Test func `for a client that acts for itself it leaves open what each request decides`() async throws {
        try await Harness.run { h in
            _ = try await h.serve(try await h.addService())
            #expect(try await binding(h) == [.null, .null])
        }
    }
}
