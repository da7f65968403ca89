import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("RFC 9449 tokens that are bound to a key")
struct BoundTokenTests {
    /// Signs in and approves a pushed request.
    private func approve(_ pushed: TestResponse, _ verifier: CodeVerifier, _ h: Harness) async throws -> Redeemable {
        let browser = h.browser()
        let page = try await h.authorize(browser, pushed: pushed.json["request_uri"]?.string ?? "")
        let consent = try await h.follow(browser, try await h.signIn(browser, at: page))
        let location = try await h.decide(browser, at: consent).continuation ?? ""
        return Redeemable(
            code: FormText.decode(queryOf: location)["code"]?.first ?? "", verifier: verifier.reveal())
    }

    @Test func `a token names the key, in itself and in introspection`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let answer = try await h.proofs.redeem(try await h.code(), proving: key)
            #expect(answer.json["token_type"] == "DPoP")
            #expect(answer.claims["cnf"] == ["jkt": .string(key.thumbprint)])
            let introspected = try await h.introspect(answer.tokens.access)
            #expect(introspected["active"] == true && introspected["token_type"] == "DPoP")
            #expect(introspected["cnf"] == ["jkt": .string(key.thumbprint)])
            #expect(try await h.gatehouse.proofDemands() == [key.thumbprint])
        }
    }

    @Test func `without a proof tokens stay bearer tokens, and no nonce is offered`() async throws {
        try await Harness.run { h in
            let answer = try await h.redeem(try await h.code())
            #expect(answer.json["token_type"] == "Bearer" && answer.headers[FieldNames.proofNonce] == nil)
            let introspected = try await h.introspect(answer.tokens.access)
            #expect(introspected["token_type"] == "Bearer" && introspected["cnf"] == nil)
            #expect(try await h.gatehouse.proofDemands() == [nil])
        }
    }

    @Test func `a public client refreshes with its key alone, and a wrong key ends and spends nothing`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let first = try await h.proofs.redeem(try await h.code(), proving: key).tokens
            let before = try await h.gatehouse.effects()
            #expect(try await h.proofs.refresh(first.refresh, proving: nil).error == "invalid_dpop_proof")
            #expect(try await h.proofs.refresh(first.refresh, proving: ProofKey()).error == "invalid_grant")
            #expect(try await h.gatehouse.effects() == before)
            let next = try await h.proofs.refresh(first.refresh, proving: key)
            #expect(next.json["token_type"] == "DPoP" && next.claims["cnf"] == ["jkt": .string(key.thumbprint)])
            // A thief without the key cannot end the session with an old token either.
            h.clock.advance(by: 400)
            let later = try await h.gatehouse.effects()
            #expect(try await h.proofs.refresh(first.refresh, proving: nil).error == "invalid_dpop_proof")
            #expect(try await h.proofs.refresh(first.refresh, proving: ProofKey()).error == "invalid_grant")
            #expect(try await h.gatehouse.effects() == later)
            #expect(try await h.proofs.refresh(next.tokens.refresh, proving: key).status == .ok)
        }
    }

    @Test func `a client with a secret may change its key at a refresh, and gets no bearer token after bound ones`()
        async throws
    {
        try await Harness.run { h in
            var h = h
            let secret = ClientSecret.random()
            h.registered = try await h.register("vault", redirects: [Harness.redirect], secret: secret)
            let own = ["client_secret": secret.reveal()]
            let tokens = try await h.proofs.redeem(try await h.code(), proving: ProofKey(), own).tokens
            #expect(try await h.gatehouse.proofDemands() == ["any"])
            #expect(try await h.proofs.refresh(tokens.refresh, proving: nil, own).error == "invalid_dpop_proof")
            let other = ProofKey()
            let next = try await h.proofs.refresh(tokens.refresh, proving: other, own)
            #expect(next.claims["cnf"] == ["jkt": .string(other.thumbprint)])
        }
    }

    @Test func `a session that began without a key refreshes without one, and with any`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let tokens = try await h.tokens()
            let bound = try await h.proofs.refresh(tokens.refresh, proving: key)
            #expect(bound.json["token_type"] == "DPoP" && bound.claims["cnf"] == ["jkt": .string(key.thumbprint)])
            #expect(try await h.proofs.refresh(bound.tokens.refresh, proving: nil).json["token_type"] == "Bearer")
            #expect(try await h.gatehouse.proofDemands() == [nil])
        }
    }

    @Test func `a response lost within the grace is made up for with another proof of the key`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let first = try await h.proofs.redeem(try await h.code(), proving: key).tokens
            let next = try await h.proofs.refresh(first.refresh, proving: key).tokens
            let again = try await h.proofs.refresh(first.refresh, proving: key)
            #expect(again.status == .ok && again.tokens.refresh == next.refresh)
            #expect(again.json["token_type"] == "DPoP")
        }
    }

    @Test func `dpop_jkt binds the code to a key, in the URL and in a push`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let code = try await h.code(nil, ["dpop_jkt": key.thumbprint])
            let before = try await h.gatehouse.effects()
            #expect(try await h.proofs.redeem(code, proving: nil).error == "invalid_dpop_proof")
            #expect(try await h.proofs.redeem(code, proving: ProofKey()).error == "invalid_grant")
            #expect(try await h.gatehouse.effects() == before)
            #expect(try await h.proofs.redeem(code, proving: key).status == .ok)
            #expect(try await h.push(["dpop_jkt": key.thumbprint]).status == .created)
            #expect(try await h.push(["dpop_jkt": "short"]).error == "invalid_request")
        }
    }

    @Test func `a malformed or repeated dpop_jkt goes to the client as invalid_request`() async throws {
        try await Harness.run { h in
            for more in [[("dpop_jkt", "short")], [("dpop_jkt", ProofKey().thumbprint), ("dpop_jkt", "short")]] {
                let answer = try await h.authorize(h.browser(), h.request() + more)
                let location = answer.headers[.location] ?? answer.continuation ?? ""
                #expect(location.hasPrefix(Harness.redirect) && location.contains("error=invalid_request"))
            }
        }
    }

    @Test func `a proof at the push binds the code, and must be of the key that dpop_jkt names`() async throws {
        try await Harness.run { h in
            let (key, verifier) = (ProofKey(), CodeVerifier.random())
            let refused = try await h.proofs.send(
                "/par", h.request(["dpop_jkt": ProofKey().thumbprint]), proofs: [try h.proofs.proof(key, at: "/par")])
            #expect(refused.error == "invalid_dpop_proof" && refused.headers[FieldNames.proofNonce] != nil)
            #expect(try await h.pushedRows().isEmpty)
            let request = h.request(["dpop_jkt": key.thumbprint], verifier: verifier)
            let pushed = try await h.proofs.send("/par", request, proofs: [try h.proofs.proof(key, at: "/par")])
            #expect(pushed.status == .created && pushed.headers[FieldNames.proofNonce] == h.proofs.nonce)
            let code = try await approve(pushed, verifier, h)
            #expect(try await h.proofs.redeem(code, proving: ProofKey()).error == "invalid_grant")
            #expect(try await h.proofs.redeem(code, proving: nil).error == "invalid_dpop_proof")
            #expect(try await h.proofs.redeem(code, proving: key).status == .ok)
        }
    }

    @Test func `a proof at the push binds the code without dpop_jkt`() async throws {
        try await Harness.run { h in
            let (key, verifier) = (ProofKey(), CodeVerifier.random())
            let pushed = try await h.proofs.send(
                "/par", h.request(verifier: verifier), proofs: [try h.proofs.proof(key, at: "/par")])
            let code = try await approve(pushed, verifier, h)
            #expect(try await h.proofs.redeem(code, proving: ProofKey()).error == "invalid_grant")
            #expect(try await h.proofs.redeem(code, proving: key).json["token_type"] == "DPoP")
        }
    }

    @Test func `a bound token proves its user to Gatehouse when an MCP server forwards it`() async throws {
        try await Harness.run { h in
            let bound = try await h.proofs.redeem(try await h.code(), proving: ProofKey()).tokens
            #expect(try await h.ask(bound.access).status == .created)
            try await h.list()
            #expect(try await h.openJob(bound.access).status == .created)
            // A client needs no proof to give up its own session.
            let form = [("token", bound.refresh ?? ""), ("client_id", h.registered.id.string)]
            #expect(try await h.send("/revoke", form).status == .ok)
            #expect(try await h.introspect(bound.access)["active"] == false)
            #expect(try await h.ask(bound.access).error == "invalid_subject_token")
        }
    }

    @Test func `an MCP server exchanges a bound token for a provider's, which is passed on as it is`() async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run { h in
            try await h.providers.add(provider)
            let browser = h.browser()
            let bound = try await h.proofs.redeem(try await h.code(browser), proving: ProofKey()).tokens
            _ = try await h.providers.connect(bound.access, browser)
            let answer = try await h.providers.exchange(bound.access)
            #expect(answer.status == .ok && answer.json["token_type"] == "Bearer")
        }
        try await provider.stop()
    }

    @Test func `a client that acts for itself gets bound tokens, each of the key that it proves`() async throws {
        try await Harness.run { h in
            let service = try await h.addService()
            let form = [("grant_type", "client_credentials"), ("resource", h.resource.identifier.string)]
            for _ in 0..<2 {
                let key = ProofKey()
                let answer = try await h.proofs.send(
                    "/token", form, proofs: [try h.proofs.proof(key)], basic: (service.id.string, service.secret))
                #expect(answer.json["token_type"] == "DPoP")
                #expect(answer.claims["cnf"] == ["jkt": .string(key.thumbprint)])
            }
            #expect(try await h.serve(service).json["token_type"] == "Bearer")
        }
    }

    @Test func `an MCP server gets its own tokens without a proof, and its DPoP header is ignored`() async throws {
        try await Harness.run { h in
            let key = AssertionKey()
            let server = try await h.gatehouse.addServer("https://keyed.example/mcp", key: key)
            let form =
                [("grant_type", "client_credentials")] + (try key.form(of: server.id.string, now: h.clock.now))
            let answer = try await h.proofs.send("/token", form, proofs: ["nonsense"])
            #expect(answer.status == .ok && answer.json["token_type"] == "Bearer")
        }
    }

    @Test func `metadata lists the algorithms of proofs, and scripts may read the nonce`() async throws {
        try await Harness.run { h in
            let metadata = try await h.browser().get("/.well-known/oauth-authorization-server").json
            #expect(
                metadata["dpop_signing_alg_values_supported"] == ["ES256", "ES384", "EdDSA", "PS256", "RS256"])
            let answer = try await h.proofs.redeem(try await h.code(), proving: ProofKey())
            #expect(answer.headers[.accessControlExposeHeaders]?.contains("DPoP-Nonce") == true)
            let preflight = try await h.client.execute(
                uri: "/token", method: .options,
                headers: [.origin: "https://web.example", .accessControlRequestMethod: "POST"])
            #expect(preflight.headers[.accessControlAllowHeaders]?.contains("DPoP") == true)
        }
    }
}
