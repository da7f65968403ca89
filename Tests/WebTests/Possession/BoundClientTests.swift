import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 9449 §5.2 clients that get no other than bound tokens")
struct BoundClientTests {
    @Test func `a registered client gets no bearer token for a code, and its code stays unspent`() async throws {
        try await Harness.run { h in
            var h = h
            let draft = ClientDraft(
                id: "bound", name: "Bound", redirectURIs: [Harness.redirect], authMethod: "none", resources: [],
                requirements: [.boundTokens])
            _ = try await h.administer(.clients(.add(draft)))
            let shown = try await h.administer(.clients(.show("bound"))).rows.first
            #expect(shown?["dpop_bound_access_tokens"] == true)
            h.registered = try #require(
                try await h.gatehouse.store.read { try $0.clients.find(ClientID("bound")) })
            let code = try await h.code()
            let before = try await h.gatehouse.effects()
            #expect(try await h.proofs.redeem(code, proving: nil).error == "invalid_dpop_proof")
            #expect(try await h.gatehouse.effects() == before)
            #expect(try await h.proofs.redeem(code, proving: ProofKey()).json["token_type"] == "DPoP")
        }
    }

    @Test func `a client that acts for itself can be registered so`() async throws {
        try await Harness.run { h in
            let draft = ClientDraft(
                id: "nightly", name: "Nightly", redirectURIs: [], authMethod: "client_secret_basic",
                resources: [h.resource.id.string], requirements: [.boundTokens], serviceScopes: ["files:read"])
            let row = try await h.administer(.clients(.add(draft))).rows.first
            let service = ServiceClient(id: try ClientID("nightly"), secret: row?["client_secret"]?.string ?? "")
            #expect(try await h.serve(service).error == "invalid_dpop_proof")
            #expect(try await h.serviceSessions().isEmpty)
            let form = [("grant_type", "client_credentials"), ("resource", h.resource.identifier.string)]
            let answer = try await h.proofs.send(
                "/token", form, proofs: [try h.proofs.proof(ProofKey())], basic: ("nightly", service.secret))
            #expect(answer.json["token_type"] == "DPoP")
        }
    }

    @Test func `a client that registers itself can demand it, and gets another id than without`() async throws {
        try await Harness.run { h in
            let plain = try await h.register(Harness.registration())
            #expect(plain.json["dpop_bound_access_tokens"] == nil)
            let refused = try await h.register(Harness.registration(["dpop_bound_access_tokens": "yes"]))
            #expect(refused.error == "invalid_client_metadata")
            let absent = try await h.register(Harness.registration(["dpop_bound_access_tokens": false]))
            #expect(absent.json["client_id"] == plain.json["client_id"])
            let answer = try await h.register(Harness.registration(["dpop_bound_access_tokens": true]))
            #expect(answer.json["dpop_bound_access_tokens"] == true)
            let id = try #require(answer.json["client_id"]?.string)
            #expect(id != plain.json["client_id"]?.string)
            let own = ["client_id": id, "redirect_uri": Harness.loopback]
            let code = try await h.code(nil, own.mapValues { .some($0) })
            #expect(try await h.proofs.redeem(code, proving: nil, own).error == "invalid_dpop_proof")
            let key = ProofKey()
            let tokens = try await h.proofs.redeem(code, proving: key, own).tokens
            #expect(try await h.proofs.refresh(tokens.refresh, proving: nil, own).error == "invalid_dpop_proof")
            #expect(try await h.proofs.refresh(tokens.refresh, proving: key, own).status == .ok)
        }
    }

    @Test func `a metadata document can demand it, at the code by what the approval kept and at a refresh by today's`()
        async throws
    {
        try await DocumentScene.play { scene in
            let h = scene.h
            let own = ["client_id": scene.host.id(), "redirect_uri": DocumentScene.redirect]
            let before = try await scene.tokens()
            scene.host.publish(["dpop_bound_access_tokens": true])
            scene.age()
            // The session began before the document demanded a key.
            #expect(try await h.proofs.refresh(before.refresh, proving: nil, own).error == "invalid_dpop_proof")
            #expect(try await h.proofs.refresh(before.refresh, proving: ProofKey(), own).status == .ok)
            let code = try await scene.code()
            #expect(try await h.proofs.redeem(code, proving: nil, own).error == "invalid_dpop_proof")
            #expect(try await h.proofs.redeem(code, proving: ProofKey(), own).json["token_type"] == "DPoP")
        }
    }
}
