import JOSE
import OAuth
import ResourceServer
import TestSupport
import Testing

@testable import example_mcp_server

@Suite("The example server with tokens that are bound to a key")
struct ExampleProofTests {
    private let ping: JSON = ["jsonrpc": "2.0", "id": 1, "method": "ping"]

    @Test func `serves a client that proves its key, and tells it the nonce`() async throws {
        try await ExampleClient.run(proofs: ProofConfiguration(nonceKey: Random.bytes(32))) { client in
            let key = ProofKey()
            client.grant("")
            client.authorizationServer.change { state in
                state.answers["t"]?["cnf"] = ["jkt": .string(key.thumbprint)]
                state.answers["t"]?["token_type"] = "DPoP"
            }
            func send(nonce: String?) async throws -> RawHTTP.Answer {
                let now = Timestamp(seconds: client.elicitations.clock.now)
                let proof = try key.proof(for: client.resource, at: now, nonce: nonce, token: "t")
                return try await client.post(ping, [("Authorization", "DPoP t"), ("DPoP", proof)], token: nil)
            }
            let refused = try await send(nonce: nil)
            #expect(refused.status == 401 && refused.json?["error"] == "use_dpop_nonce")
            #expect(refused.field("WWW-Authenticate")?.hasPrefix("DPoP error=\"use_dpop_nonce\"") == true)
            let nonce = try #require(refused.field("DPoP-Nonce"))
            let answer = try await send(nonce: nonce)
            #expect(answer.status == 200 && answer.field("DPoP-Nonce") == nonce)
            let bearer = try await client.post(ping)
            #expect(bearer.status == 401)
            #expect(bearer.field("WWW-Authenticate")?.hasPrefix("DPoP error=\"invalid_token\"") == true)
        }
    }

    @Test func `its command line can demand bound tokens with nonces`() throws {
        let arguments = ["--verify", "local"]
        let usual = try Options(arguments, environment: [:]).protection.proofs
        #expect(usual?.areRequired == false && usual?.nonceKey == nil)
        let strict = try Options(arguments + ["--dpop", "required"], environment: [:]).protection.proofs
        #expect(strict?.areRequired == true && strict?.nonceKey?.count == 32)
    }
}
