import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage
@testable import Web

/// A kind of `DPoP` header that proves nothing.
enum ForgedProof: CaseIterable, Sendable {
    case noType, otherType, accessTokenType, noAlgorithm, algorithmNone, symmetricAlgorithm, otherAlgorithm, noKey,
        privateKey, otherKey, symmetricKey, criticalHeader, unencodedPayload, noID, emptyID, longID, numericID,
        noMethod,
        otherMethod, lowercaseMethod, noAddress, otherEndpoint, otherHost, otherPort, otherScheme, userInAddress,
        dotsInAddress, longerPath, noTime, textTime, oldTime, futureTime, farTime, textNonce, notAToken, empty,
        twoTokens,
        twoHeaders, equalHeaders, joinedHeaders, padded, tooLong, changedSignature, changedPayload, repeatedClaim

    /// The values of the header, for a request to `target` at `now`.
    func headers(_ key: ProofKey, _ target: String, at now: Timestamp, nonce: String) throws -> [String] {
        if let claims = claims(target, now) { return [try key.proof(for: target, at: now, nonce: nonce, claims)] }
        if let header = header(key) {
            return [try key.proof(for: target, at: now, nonce: nonce, header: header)]
        }
        let good = try key.proof(for: target, at: now, nonce: nonce)
        let parts = good.split(separator: ".").map(String.init)
        switch self {
        case .notAToken: return ["nonsense"]
        case .empty: return [""]
        case .twoTokens: return [good + " " + good]
        case .twoHeaders: return [good, try key.proof(for: target, at: now, nonce: nonce)]
        case .equalHeaders: return [good, good]
        case .joinedHeaders: return [good + ", " + good]
        case .padded: return [good + "="]
        case .tooLong: return [good + String(repeating: "A", count: 8 * 1024)]
        case .changedSignature: return [parts[0] + "." + parts[1] + "." + String(parts[2].reversed())]
        case .changedPayload:
            let other = try key.proof(for: target, at: now, nonce: nonce).split(separator: ".")[1]
            return [parts[0] + "." + other + "." + parts[2]]
        case .symmetricAlgorithm:
            // The public key, which everybody knows, as the secret of a MAC.
            let secret = Array(JSON.object(key.jwk).bytes)
            let head = Base64URL.encode(
                (["typ": "dpop+jwt", "alg": "HS256", "jwk": .object(key.jwk)] as JSONObject).bytes)
            let text = head + "." + parts[1]
            return [text + "." + Base64URL.encode(HMAC.sha256(key: secret, Array(text.utf8)))]
        case .algorithmNone:
            let head = Base64URL.encode(
                (["typ": "dpop+jwt", "alg": "none", "jwk": .object(key.jwk)] as JSONObject).bytes)
            return [head + "." + parts[1] + "."]
        case .repeatedClaim:
            let text =
                #"{"jti":"a","htm":"POST","htu":"\#(target)","iat":\#(now.seconds),"nonce":"\#(nonce)","jti":"b"}"#
            return [try key.proof(signing: Array(text.utf8))]
        default: throw StageFailure("\(self) has no form")
        }
    }

    private func claims(_ target: String, _ now: Timestamp) -> [String: JSON?]? {
        let path = String(target.dropFirst("http://localhost".count))
        return switch self {
        case .noID: ["jti": nil]
        case .emptyID: ["jti": ""]
        case .longID: ["jti": .string(String(repeating: "j", count: 257))]
        case .numericID: ["jti": 7]
        case .noMethod: ["htm": nil]
        case .otherMethod: ["htm": "GET"]
        case .lowercaseMethod: ["htm": "post"]
        case .noAddress: ["htu": nil]
        case .otherEndpoint: ["htu": .string("http://localhost" + (path == "/token" ? "/par" : "/token"))]
        case .otherHost: ["htu": .string("http://evil.example" + path)]
        case .otherPort: ["htu": .string("http://localhost:8080" + path)]
        case .otherScheme: ["htu": .string("https://localhost" + path)]
        case .userInAddress: ["htu": .string("http://user@localhost" + path)]
        case .dotsInAddress: ["htu": .string("http://localhost/x/.." + path)]
        case .longerPath: ["htu": .string(target + "/")]
        case .noTime: ["iat": nil]
        case .textTime: ["iat": .string("\(now.seconds)")]
        case .oldTime: ["iat": .integer(now.seconds - 301)]
        case .futureTime: ["iat": .integer(now.seconds + 301)]
        case .farTime: ["iat": .integer(.max)]
        case .textNonce: ["nonce": 1]
        default: nil
        }
    }

    private func header(_ key: ProofKey) -> [String: JSON?]? {
        var exposed = key.jwk
        exposed["d"] = .string(Base64URL.encode([UInt8](repeating: 1, count: 32)))
        return switch self {
        case .noType: ["typ": nil]
        case .otherType: ["typ": "JWT"]
        case .accessTokenType: ["typ": "at+jwt"]
        case .noAlgorithm: ["alg": nil]
        case .otherAlgorithm: ["alg": "ES384"]
        case .noKey: ["jwk": nil]
        case .privateKey: ["jwk": .object(exposed)]
        case .otherKey: ["jwk": .object(ProofKey().jwk)]
        case .symmetricKey: ["jwk": ["kty": "oct", "k": "c2VjcmV0"]]
        case .criticalHeader: ["crit": ["exp"]]
        case .unencodedPayload: ["b64": false]
        default: nil
        }
    }
}

@Suite("RFC 9449 §4.3 forged proofs at the endpoints")
struct ForgedProofTests {
    private static let token = "http://localhost/token"

    @Test(arguments: ForgedProof.allCases)
    func `a forged proof is refused everywhere, and changes nothing`(forgery: ForgedProof) async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let tokens = try await h.proofs.redeem(try await h.code(), proving: key).tokens
            let code = try await h.code()
            let before = try await h.gatehouse.effects()
            func headers(_ path: String) throws -> [String] {
                try forgery.headers(key, "http://localhost" + path, at: h.clock.now, nonce: h.proofs.nonce)
            }
            let answers = [
                try await h.proofs.send("/token", TokenForm.redeeming(h, code), proofs: headers("/token")),
                try await h.proofs.send("/token", TokenForm.refreshing(h, tokens.refresh), proofs: headers("/token")),
                try await h.proofs.send("/par", h.request(), proofs: headers("/par")),
            ]
            for answer in answers {
                #expect(answer.status == .badRequest && answer.error == "invalid_dpop_proof")
                #expect(answer.headers[FieldNames.proofNonce] == h.proofs.nonce, "a client can try again at once")
            }
            #expect(try await h.gatehouse.effects() == before)
            #expect(try await h.proofs.redeem(code, proving: key).status == .ok, "the code is unspent")
            #expect(
                try await h.proofs.refresh(tokens.refresh, proving: key).status == .ok, "the refresh token is unspent")
        }
    }

    @Test func `a proof without a current nonce of this server is told the nonce, and changes nothing`() async throws {
        try await Harness.run { h in
            let (key, old) = (ProofKey(), h.proofs.nonce)
            let assertion = AssertionKey()
            let robot = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: assertion)
            h.clock.advance(by: 2 * DPoPNonces.period)
            let fresh = try await h.code()
            let foreign = DPoPNonces(key: Random.bytes(32)).current(at: h.clock.now)
            let before = try await h.gatehouse.effects()
            for nonce in [nil, "", "of another server", old, foreign, h.proofs.nonce + "A"] {
                for (path, form) in [("/token", TokenForm.redeeming(h, fresh)), ("/par", h.request())] {
                    let proof = try key.proof(for: "http://localhost" + path, at: h.clock.now, nonce: nonce)
                    let answer = try await h.proofs.send(path, form, proofs: [proof])
                    #expect(answer.status == .badRequest && answer.error == "use_dpop_nonce")
                    #expect(answer.headers[FieldNames.proofNonce] == h.proofs.nonce)
                    #expect(answer.headers[.accessControlExposeHeaders]?.contains("DPoP-Nonce") == true)
                }
            }
            // The client sends the same assertion again with the new proof.
            let signed = try assertion.form(of: robot.id.string, now: h.clock.now)
            let form = h.request(["client_id": robot.id.string]) + signed
            let first = try key.proof(for: "http://localhost/par", at: h.clock.now)
            #expect(try await h.proofs.send("/par", form, proofs: [first]).error == "use_dpop_nonce")
            #expect(try await h.gatehouse.effects() == before)
            #expect(
                try await h.proofs.send("/par", form, proofs: [try h.proofs.proof(key, at: "/par")]).status == .created)
            let last = h.proofs.nonce
            h.clock.advance(by: DPoPNonces.period)
            let next = try await h.code()
            let proof = try key.proof(for: Self.token, at: h.clock.now, nonce: last)
            let answer = try await h.proofs.send("/token", TokenForm.redeeming(h, next), proofs: [proof])
            #expect(answer.status == .ok && answer.headers[FieldNames.proofNonce] == h.proofs.nonce)
            #expect(h.proofs.nonce != last)
        }
    }

    @Test(arguments: [
        "http://localhost/token?a=b", "http://localhost/token#f", "HTTP://LOCALHOST/token", "http://localhost:80/token",
        "http://localhost/%74oken",
    ])
    func `another spelling of the same address is accepted`(address: String) async throws {
        try await Harness.run { h in
            let proof = try h.proofs.proof(ProofKey(), ["htu": .string(address)])
            #expect(try await h.proofs.send("/token", TokenForm.redeeming(h, h.code()), proofs: [proof]).status == .ok)
        }
    }

    @Test func `the address is that of the configured issuer, with its path`() async throws {
        try await Harness.run(issuer: "http://localhost/t1") { h in
            let service = try await h.addService()
            let form = [("grant_type", "client_credentials"), ("resource", h.resource.identifier.string)]
            for (target, status) in [
                ("http://localhost/token", 400), ("https://localhost/t1/token", 400),
                ("http://127.0.0.1/t1/token", 400), ("http://localhost/t1/token", 200),
            ] {
                let proof = try ProofKey().proof(for: target, at: h.clock.now, nonce: h.proofs.nonce)
                let answer = try await h.proofs.send(
                    "/t1/token", form, proofs: [proof], basic: (service.id.string, service.secret))
                #expect(answer.status.code == status, "\(target)")
            }
        }
    }

    @Test func `a time with a fraction is legal`() async throws {
        try await Harness.run { h in
            let proof = try h.proofs.proof(ProofKey(), ["iat": .number(Double(h.clock.now.seconds) + 0.75)])
            #expect(try await h.proofs.send("/token", TokenForm.redeeming(h, h.code()), proofs: [proof]).status == .ok)
        }
    }

    @Test func `a request that is refused spends no proof, and one that is granted spends its own`() async throws {
        try await Harness.run { h in
            let (key, code) = (ProofKey(), try await h.code())
            let proof = try h.proofs.proof(key)
            let wrong = TokenForm.redeeming(h, code, ["code_verifier": CodeVerifier.random().reveal()])
            #expect(try await h.proofs.send("/token", wrong, proofs: [proof]).error == "invalid_grant")
            #expect(try await h.gatehouse.spentTokens() == 0)
            let unknown = TokenForm.redeeming(h, code, ["client_id": "nobody"])
            #expect(try await h.proofs.send("/token", unknown, proofs: [proof]).error == "invalid_client")
            #expect(try await h.gatehouse.spentTokens() == 0)
            #expect(try await h.proofs.send("/token", TokenForm.redeeming(h, code), proofs: [proof]).status == .ok)
            #expect(try await h.gatehouse.spentTokens() == 1)
        }
    }

    @Test func `of fifty refreshes with one proof one succeeds, and the token turns once`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            let tokens = try await h.proofs.redeem(try await h.code(), proving: key).tokens
            let (form, proof) = (TokenForm.refreshing(h, tokens.refresh), try h.proofs.proof(key))
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<50 { group.addTask { try await h.proofs.send("/token", form, proofs: [proof]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .ok } == 1)
            #expect(answers.count { $0.error == "invalid_dpop_proof" } == 49)
            #expect(try await h.gatehouse.spentTokens() == 2)
            let session = try #require(try await h.sessions().first)
            let grant = try await h.gatehouse.store.read { try $0.sessions.grant(session.id) }
            #expect(grant?.generation == 2)
            let next = try #require(answers.first { $0.status == .ok }).tokens
            #expect(try await h.proofs.refresh(next.refresh, proving: key).status == .ok)
        }
    }

    @Test func `of fifty pushes with one proof one succeeds`() async throws {
        try await Harness.run { h in
            let proof = try h.proofs.proof(ProofKey(), at: "/par")
            let form = h.request()
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<50 { group.addTask { try await h.proofs.send("/par", form, proofs: [proof]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == .created } == 1)
            #expect(answers.count { $0.error == "invalid_dpop_proof" } == 49)
            #expect(try await h.pushedRows() == [false])
        }
    }

    @Test func `a used proof is remembered for as long as it is valid, also one from the future`() async throws {
        try await Harness.run { h in
            let key = ProofKey()
            var tokens = try await h.proofs.redeem(try await h.code(), proving: key).tokens
            let made = h.clock.now + DPoPRule.tolerance
            let proof = try key.proof(for: Self.token, at: made, nonce: h.proofs.nonce, ["jti": "once"])
            tokens = try await h.proofs.send("/token", TokenForm.refreshing(h, tokens.refresh), proofs: [proof]).tokens
            #expect(tokens.refresh != nil)
            h.clock.advance(by: 2 * DPoPRule.tolerance)
            try await h.gatehouse.store.write { [now = h.clock.now] tx in _ = try tx.replays.tidy(now: now, limit: 100)
            }
            let again = try key.proof(for: Self.token, at: made, nonce: h.proofs.nonce, ["jti": "once"])
            let answer = try await h.proofs.send("/token", TokenForm.refreshing(h, tokens.refresh), proofs: [again])
            #expect(answer.error == "invalid_dpop_proof")
            #expect(try await h.proofs.refresh(tokens.refresh, proving: key).status == .ok)
        }
    }
}
