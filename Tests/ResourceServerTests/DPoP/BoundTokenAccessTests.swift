import JOSE
import OAuth
import TestSupport
import Testing

@testable import ResourceServer

/// An MCP server that accepts proofs, a fake authorization server, and a client with a key and the token "t".
private struct ProofScene: Sendable {
    let server: FakeAuthorizationServer
    let resource: ProtectedResource
    let clock: ManualClock
    let key = ProofKey()

    static func play(
        _ proofs: ProofConfiguration? = ProofConfiguration(), _ body: (ProofScene) async throws -> Void
    ) async throws {
        try await FakeAuthorizationServer.run { server in
            let clock = ManualClock()
            var configuration = Fixture.configuration(issuer: server.issuer, clock: clock)
            configuration.proofs = proofs
            let scene = ProofScene(server: server, resource: try ProtectedResource(configuration), clock: clock)
            scene.grant(["cnf": ["jkt": .string(scene.key.thumbprint)], "token_type": "DPoP"])
            try await body(scene)
        }
    }

    var now: Timestamp { Timestamp(seconds: clock.now) }

    /// Changes what introspection says of the token.
    func grant(_ changes: [String: JSON?]) {
        var answer = Fixture.answer(issuer: server.issuer, now: clock.now)
        for (name, value) in changes { answer[name] = value }
        server.change { [answer] in $0.answers["t"] = answer }
    }

    func proof(
        _ claims: [String: JSON?] = [:], by key: ProofKey? = nil, token: String? = "t", nonce: String? = nil
    ) throws -> String {
        try (key ?? self.key).proof(for: Fixture.resource, at: now, nonce: nonce, token: token, claims)
    }

    func authorize(
        _ fields: [String], scheme: String = "DPoP", method: String = "POST", url: String? = nil,
        requiring scopes: [String] = []
    ) async throws(Refusal) -> Access {
        try await resource.authorize(
            authorizationHeader: scheme + " t", proof: RequestProof(method: method, fields: fields, url: url),
            requiring: scopes)
    }

    func refused(
        _ fields: [String], scheme: String = "DPoP", method: String = "POST", url: String? = nil
    ) async -> Refusal? {
        await refusal { try await authorize(fields, scheme: scheme, method: method, url: url) }
    }
}

@Suite("RFC 9449 §7 bound tokens at an MCP server")
struct BoundTokenAccessTests {
    private let algorithms = "algs=\"ES256 ES384 EdDSA PS256 RS256\""

    @Test func `a token with a proof of its key for this request is accepted, and the access names the key`()
        async throws
    {
        try await ProofScene.play { scene in
            let access = try await scene.authorize([scene.proof()], requiring: ["files:read"])
            #expect(access.subject == "sub_1" && access.keyThumbprint == scene.key.thumbprint)
            #expect(throws: Never.self) { try scene.resource.demand(["files:read"], of: access) }
            let refused = #expect(throws: Refusal.self) { try scene.resource.demand(["files:write"], of: access) }
            #expect(refused?.challenge?.hasPrefix("DPoP error=\"insufficient_scope\"") == true)
        }
    }

    @Test func `§7.2 a bound token is refused as a bearer token, with a challenge for a proof`() async throws {
        try await ProofScene.play { scene in
            let refused = await scene.refused([try scene.proof()], scheme: "Bearer")
            #expect(refused?.status == 401 && refused?.kind == .invalidToken)
            let challenge = refused?.challenge ?? ""
            #expect(challenge.hasPrefix("DPoP error=\"invalid_token\", error_description=\""))
            #expect(challenge.contains("resource_metadata=") && challenge.hasSuffix(algorithms))
            let silent = await refusal { try await scene.resource.authorize(authorizationHeader: "Bearer t") }
            #expect(silent?.kind == .invalidToken && silent?.challenge == challenge)
        }
    }

    @Test func `a server without proofs, or a call without the proof of its request, admits no bound token`()
        async throws
    {
        try await ProofScene.play(nil) { scene in
            #expect(try await scene.refused([scene.proof()])?.kind == .missingToken)
            let bearer = await scene.refused([], scheme: "Bearer")
            #expect(bearer?.kind == .invalidToken)
            #expect(bearer?.challenge?.hasPrefix("Bearer ") == true, "it offers no scheme that it does not take")
            let metadata = try JSONObject(parsing: scene.resource.metadataDocument)
            #expect(metadata["dpop_signing_alg_values_supported"] == nil)
        }
        try await ProofScene.play { scene in
            let refused = await refusal { try await scene.resource.authorize(authorizationHeader: "DPoP t") }
            #expect(refused?.kind == .missingToken)
        }
    }

    @Test func `a token without a key is refused with the scheme DPoP, and stays a bearer token`() async throws {
        try await ProofScene.play { scene in
            scene.grant([:])
            #expect(try await scene.refused([scene.proof()])?.kind == .invalidToken)
            let access = try await scene.authorize([], scheme: "Bearer")
            #expect(access.keyThumbprint == nil)
        }
    }

    @Test func `a proof that is not for this request, this token and this key is refused`() async throws {
        try await ProofScene.play { scene in
            let thief = ProofKey()
            let good = try scene.proof()
            let forged: [[String]] = [
                [], [""], ["nonsense"], [good, try scene.proof()], [good + ", " + good],
                [try scene.proof(by: thief)], [try scene.proof(token: nil)], [try scene.proof(token: "u")],
                [try scene.proof(["ath": "t"])], [try scene.proof(["htm": "GET"])],
                [try scene.proof(["htu": "http://127.0.0.1:9/other"])],
                [try scene.proof(["htu": "http://127.0.0.1:10/mcp"])],
                [try scene.proof(["htu": "https://127.0.0.1:9/mcp"])],
                [try scene.proof(["iat": .integer(scene.clock.now - 301)])],
                [try scene.proof(["iat": .integer(scene.clock.now + 301)])], [try scene.proof(["jti": nil])],
            ]
            for fields in forged {
                let refused = await scene.refused(fields)
                #expect(refused?.status == 401 && refused?.kind == .invalidProof, "\(fields)")
                #expect(refused?.challenge?.hasPrefix("DPoP error=\"invalid_dpop_proof\"") == true)
                #expect(refused?.challenge?.hasSuffix(algorithms) == true)
            }
            #expect(await scene.refused([good], method: "GET")?.kind == .invalidProof)
            _ = try await scene.authorize([good])
        }
    }

    @Test func `the address is the configured one, or the one that the MCP server names`() async throws {
        try await ProofScene.play { scene in
            let stream = "http://127.0.0.1:9/stream"
            #expect(try await scene.refused([scene.proof()], url: stream)?.kind == .invalidProof)
            let proof = try scene.proof(["htu": .string(stream + "?a=b")])
            #expect(try await scene.authorize([proof], url: stream).subject == "sub_1")
            let spelled = try scene.proof(["htu": "HTTP://127.0.0.1:9/%6Dcp?session=1"])
            #expect(try await scene.authorize([spelled]).subject == "sub_1")
        }
    }

    @Test func `a proof counts once, also for fifty requests at once`() async throws {
        try await ProofScene.play { scene in
            let proof = try scene.proof()
            let refusals = await withTaskGroup(of: Refusal?.self, returning: [Refusal?].self) { group in
                for _ in 0..<50 { group.addTask { await scene.refused([proof]) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refusals.count == 50)
            let kinds = refusals.compactMap { $0?.kind }
            #expect(kinds == Array(repeating: .invalidProof, count: 49))
        }
    }

    @Test func `a request whose token is refused uses up no proof`() async throws {
        try await ProofScene.play(ProofConfiguration(memory: 1)) { scene in
            let proof = try scene.proof()
            scene.server.change { $0.answers["t"] = ["active": false] }
            let refused = await scene.refused([proof])
            #expect(refused?.kind == .invalidToken && refused?.challenge?.hasPrefix("DPoP ") == true)
            scene.grant(["cnf": ["jkt": .string(scene.key.thumbprint)]])
            _ = try await scene.authorize([proof])
        }
    }

    @Test func `a full share of the memory answers 503 and forgets nothing, until its proofs have expired`()
        async throws
    {
        try await ProofScene.play(ProofConfiguration(memory: 8)) { scene in
            let first = try scene.proof()
            _ = try await scene.authorize([first])
            _ = try await scene.authorize([scene.proof()])
            let refused = await scene.refused([try scene.proof()])
            #expect(refused?.status == 503 && refused?.challenge == nil)
            #expect(await scene.refused([first])?.kind == .invalidProof)
            scene.clock.advance(500)
            scene.grant(["cnf": ["jkt": .string(scene.key.thumbprint)]])
            _ = try await scene.authorize([scene.proof()])
        }
    }

    @Test func `§9 with nonces, a proof needs a current one of this server`() async throws {
        let key = Random.bytes(32)
        try await ProofScene.play(ProofConfiguration(nonceKey: key)) { scene in
            let current = try #require(scene.resource.proofNonce)
            for nonce in [nil, "", "foreign", DPoPNonces(key: Random.bytes(32)).current(at: scene.now)] {
                let refused = await scene.refused([try scene.proof(nonce: nonce)])
                #expect(refused?.status == 401 && refused?.kind == .nonceMissing)
                #expect(refused?.challenge?.hasPrefix("DPoP error=\"use_dpop_nonce\"") == true)
                let field = refused?.fields.first { $0.name == "DPoP-Nonce" }
                #expect(field?.value == current)
            }
            // Another process with the same secret accepts it too.
            #expect(DPoPNonces(key: key).current(at: scene.now) == current)
            _ = try await scene.authorize([scene.proof(nonce: current)])
            scene.clock.advance(2 * DPoPNonces.period)
            scene.grant(["cnf": ["jkt": .string(scene.key.thumbprint)]])
            #expect(try await scene.refused([scene.proof(nonce: current)])?.kind == .nonceMissing)
        }
        try await ProofScene.play { scene in #expect(scene.resource.proofNonce == nil) }
    }

    @Test func `a secret for nonces has at least 32 bytes`() {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        for (length, isGood) in [(1, false), (31, false), (32, true)] {
            configuration.proofs = ProofConfiguration(nonceKey: Random.bytes(length))
            #expect(((try? ProtectedResource(configuration)) != nil) == isGood)
        }
    }

    @Test func `where proofs are required, bearer tokens are refused and metadata says so`() async throws {
        try await ProofScene.play(ProofConfiguration(areRequired: true)) { scene in
            _ = try await scene.authorize([scene.proof()])
            scene.grant([:])
            let refused = await scene.refused([], scheme: "Bearer")
            #expect(refused?.kind == .invalidToken && refused?.challenge?.hasPrefix("DPoP ") == true)
            let silent = await refusal { try await scene.resource.authorize(authorizationHeader: nil) }
            #expect(silent?.kind == .missingToken && silent?.challenge?.hasPrefix("DPoP scope=") == true)
            let metadata = try JSONObject(parsing: scene.resource.metadataDocument)
            #expect(metadata["dpop_bound_access_tokens_required"] == true)
            #expect(
                metadata["dpop_signing_alg_values_supported"] == ["ES256", "ES384", "EdDSA", "PS256", "RS256"])
        }
    }

    @Test func `without a requirement a request without a token gets the usual challenge`() async throws {
        try await ProofScene.play { scene in
            let refused = await refusal { try await scene.resource.authorize(authorizationHeader: nil) }
            #expect(refused?.challenge?.hasPrefix("Bearer scope=") == true)
            let metadata = try JSONObject(parsing: scene.resource.metadataDocument)
            #expect(metadata["dpop_bound_access_tokens_required"] == nil)
        }
    }

    @Test func `the secret for nonces is in no description`() {
        let configuration = ProofConfiguration(nonceKey: Array("0123456789abcdef0123456789abcdef".utf8))
        #expect(configuration.description == "proofs accepted, nonces on")
        #expect(String(reflecting: configuration) == configuration.description)
    }
}

@Suite("RFC 9449 §11.1 the memory of used proofs")
struct UsedProofsTests {
    @Test func `a proof is remembered beyond its last valid second, and then forgotten`() throws {
        let start = Timestamp(seconds: ManualClock.start)
        for offset in [-300, 0, 300] as [Int64] {
            let (used, key) = (UsedProofs(capacity: 10), ProofKey())
            let proof = try DPoPProof(key.proof(for: "https://a.example/mcp", at: start + offset))
            #expect(used.claim(proof, now: start) == .new)
            #expect(used.claim(proof, now: start) == .used)
            #expect(used.claim(proof, now: DPoPRule.end(of: proof)) == .used)
            let other = try DPoPProof(key.proof(for: "https://a.example/mcp", at: start + 1000))
            #expect(used.claim(other, now: DPoPRule.end(of: proof) + 121) == .new)
            #expect(used.count == 1)
        }
    }

    @Test func `a key that fills its quarter keeps itself out and nobody else, and all keys have one bound`() throws {
        let start = Timestamp(seconds: ManualClock.start)
        let used = UsedProofs(capacity: 8)
        func claim(_ key: ProofKey, at now: Timestamp) throws -> UsedProofs.Verdict {
            used.claim(try DPoPProof(key.proof(for: "https://a.example/mcp", at: now)), now: now)
        }
        let keys = (0..<5).map { _ in ProofKey() }
        for key in keys.prefix(4) {
            #expect(try claim(key, at: start) == .new)
            #expect(try claim(key, at: start) == .new)
            #expect(try claim(key, at: start) == .full)
        }
        #expect(try claim(keys[4], at: start) == .full)
        for key in keys { #expect(try claim(key, at: start + 500) == .new) }
        #expect(used.count == 5)
    }

    @Test func `two clients may choose the same id`() throws {
        let start = Timestamp(seconds: ManualClock.start)
        let used = UsedProofs(capacity: 10)
        for _ in 0..<2 {
            let proof = try DPoPProof(ProofKey().proof(for: "https://a.example/mcp", at: start, ["jti": "1"]))
            #expect(used.claim(proof, now: start) == .new)
        }
    }
}
