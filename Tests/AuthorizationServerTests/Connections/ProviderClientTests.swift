import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Gatehouse as an OAuth client of a provider")
struct ProviderClientTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let client: ProviderClient
    /// One that does not wait for a silent provider.
    private let hasty: ProviderClient

    init() throws {
        let issuer = try Issuer("https://gate.example/auth")
        client = ProviderClient(issuer: issuer, outbound: OperatorClient(deadline: .seconds(20)))
        hasty = ProviderClient(issuer: issuer, outbound: OperatorClient(deadline: .milliseconds(200)))
    }

    private func access(
        port: Int, _ method: ProviderAuthentication = .clientSecretBasic
    ) throws -> ProviderAccess {
        ProviderAccess(
            provider: Provider(
                name: try ProviderName("hub"), owner: "Ops", issuer: nil,
                authorizationEndpoint: "https://hub.example/authorize?tenant=7",
                tokenEndpoint: "http://127.0.0.1:\(port)/token", clientID: "gate house", authMethod: method,
                createdAt: now),
            secret: method == .none ? nil : Secret("s:3 cret"))
    }

    private func redeem(
        _ reply: LoopbackServer.Reply, _ method: ProviderAuthentication = .clientSecretBasic,
        scope: String = "repo", by client: ProviderClient? = nil
    ) async throws -> (Result<ProviderGrant, ProviderFailure>, requests: [String]) {
        let server = try await LoopbackServer.start { _ in reply }
        let proof = ConnectionProof.random(for: try ScopeSet(parsing: scope))
        let outcome: Result<ProviderGrant, ProviderFailure>
        let access = try access(port: server.port, method)
        do throws(GrantFailure) {
            outcome = .success(
                try await (client ?? self.client).redeem("c/o de", at: access, proof: proof, now: now))
        } catch {
            outcome = .failure(error.cause)
        }
        try await server.stop()
        return (outcome, server.requests)
    }

    private func ok(_ body: String) -> LoopbackServer.Reply { LoopbackServer.http("200 OK", body: body) }

    @Test func `the authorization request carries state, PKCE and, with openid, a nonce`() throws {
        let access = try access(port: 1)
        let plain = ConnectionProof.random(for: try ScopeSet(parsing: "repo user"))
        let url = client.authorizationURL(
            access.provider, scope: try ScopeSet(parsing: "repo user"), state: "st", proof: plain)
        #expect(url.hasPrefix("https://hub.example/authorize?tenant=7&response_type=code&client_id=gate%20house&"))
        let query = FormText.decode(queryOf: url)
        #expect(query["redirect_uri"] == ["https://gate.example/auth/connect/hub/callback"])
        #expect(query["scope"] == ["repo user"] && query["state"] == ["st"] && query["nonce"] == nil)
        #expect(query["code_challenge"] == [CodeChallenge(for: plain.verifier).string])
        #expect(query["code_challenge_method"] == ["S256"])
        #expect(!url.contains(plain.verifier.reveal()))
        let open = ConnectionProof.random(for: try ScopeSet(parsing: "email openid"))
        let other = client.authorizationURL(access.provider, scope: [], state: "st", proof: open)
        #expect(FormText.decode(queryOf: other)["nonce"] == [open.nonce ?? ""] && !other.contains("&scope="))
    }

    @Test func `a code is redeemed with its verifier and each client authentication method`() async throws {
        let answer = ok(
            #"{"access_token":"a-1","token_type":"bearer","expires_in":"3600","refresh_token":"r-1","scope":"repo"}"#)
        let (outcome, basic) = try await redeem(answer)
        let grant = try outcome.get()
        #expect(grant.tokens.access == "a-1" && grant.tokens.refresh == "r-1" && grant.tokens.expiresAt == now + 3600)
        #expect(grant.scope?.string == "repo")
        let sent = try #require(basic.first)
        // Id and secret are form-encoded before they are joined.
        #expect(sent.contains("Authorization: Basic Z2F0ZSUyMGhvdXNlOnMlM0EzJTIwY3JldA==\r\n"))
        #expect(
            sent.contains("code=c%2Fo%20de&redirect_uri=https%3A%2F%2Fgate.example%2Fauth%2Fconnect%2Fhub%2Fcallback"))
        #expect(sent.contains("&code_verifier=") && !sent.contains("client_secret"))
        let (_, post) = try await redeem(answer, .clientSecretPost)
        #expect(post.first?.contains("client_id=gate%20house&client_secret=s%3A3%20cret") == true)
        #expect(post.first?.contains("Authorization") == false)
        let (_, none) = try await redeem(answer, .none)
        #expect(none.first?.hasSuffix("&client_id=gate%20house") == true)
    }

    @Test(arguments: [
        ("200 OK", #"{"access_token":"a","token_type":"mac"}"#), ("200 OK", #"{"token_type":"bearer"}"#),
        ("200 OK", #"{"access_token":"a b","token_type":"bearer"}"#),
        ("200 OK", #"{"access_token":"a\r\nX: y","token_type":"bearer"}"#),
        ("200 OK", #"{"access_token":{"a":1},"token_type":"bearer"}"#),
        ("200 OK", #"{"access_token":"a","token_type":"bearer","expires_in":-1}"#),
        ("200 OK", #"{"access_token":"a","token_type":"bearer","scope":"\u0007"}"#),
        ("200 OK", "access_token=a&token_type=bearer"), ("200 OK", ""), ("200 OK", "[]"), ("204 No", ""),
        ("302 Found", "{}"), ("400 Bad", "<html>"), ("404 Not", "{}"),
    ])
    func `an unusable token response yields no grant`(status: String, body: String) async throws {
        let (outcome, _) = try await redeem(LoopbackServer.http(status, body: body))
        guard case .failure(.unusable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `a refusal keeps the error code and no other text of the provider`() async throws {
        let refusal = #"{"error":"invalid_grant","error_description":"<b>leak</b>"}"#
        for status in ["400 Bad", "200 OK"] {
            let (outcome, _) = try await redeem(LoopbackServer.http(status, body: refusal))
            #expect(throws: ProviderFailure.refused("invalid_grant")) { try outcome.get() }
        }
        let (odd, _) = try await redeem(LoopbackServer.http("400 Bad", body: #"{"error":"<b>gotcha</b>"}"#))
        #expect(throws: ProviderFailure.refused("with an unreadable error")) { try odd.get() }
    }

    @Test func `a silent, busy or unreachable provider is a temporary failure`() async throws {
        for reply in [LoopbackServer.Reply.silence, LoopbackServer.http("503 Later", body: "")] {
            let (outcome, _) = try await redeem(reply, by: hasty)
            guard case .failure(.unavailable) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
        let port = try await LoopbackPort.free()
        await #expect(throws: GrantFailure.self) {
            try await client.redeem("c", at: access(port: port), proof: .random(for: []), now: now)
        }
    }

    @Test func `an answer of another content type or of endless length is unusable`() async throws {
        let body = #"{"access_token":"a","token_type":"bearer"}"#
        let (html, _) = try await redeem(LoopbackServer.http("200 OK", "Content-Type: text/html", body: body))
        #expect(throws: ProviderFailure.self) { try html.get() }
        let long = String(repeating: " ", count: 300_000) + body
        let (large, _) = try await redeem(ok(long))
        guard case .failure(.unusable) = large else {
            Issue.record("\(large)")
            return
        }
    }

    @Test func `with openid, a missing ID token or one with another nonce is refused`() async throws {
        func idToken(_ payload: String) -> String { "e30.\(Base64URL.encode(Array(payload.utf8))).AAAA" }
        for payload in [#"{"nonce":"another"}"#, #"{"sub":"x"}"#, "[]"] {
            let answer = ok(#"{"access_token":"a","token_type":"bearer","id_token":"\#(idToken(payload))"}"#)
            let (outcome, _) = try await redeem(answer, scope: "openid")
            #expect(throws: ProviderFailure.self) { try outcome.get() }
            // Where no ID token was asked for, none is looked at.
            let (plain, _) = try await redeem(answer)
            #expect(throws: Never.self) { try plain.get() }
        }
        let (without, _) = try await redeem(ok(#"{"access_token":"a","token_type":"bearer"}"#), scope: "openid")
        #expect(throws: ProviderFailure.self) { try without.get() }
        let proof = ConnectionProof.random(for: try ScopeSet(parsing: "openid"))
        try proof.check(Secret(idToken(#"{"nonce":"\#(proof.nonce ?? "")"}"#)))
    }

    @Test func `a refresh without a new refresh token keeps the old one`() async throws {
        for (answer, expected) in [(#""#, "old"), (#","refresh_token":"new""#, "new")] {
            let server = try await LoopbackServer.start { request in
                guard request.contains("grant_type=refresh_token&refresh_token=old") else {
                    return LoopbackServer.http("400 Bad", body: #"{"error":"invalid_grant"}"#)
                }
                return LoopbackServer.http(
                    "200 OK", body: #"{"access_token":"b","token_type":"Bearer","expires_in":60\#(answer)}"#)
            }
            let tokens = try #require(ProviderTokens(Array(#"{"access":"a","refresh":"old"}"#.utf8)))
            let grant = try await client.refresh(tokens, "old", at: access(port: server.port), now: now)
            #expect(grant.tokens.access == "b" && grant.tokens.refresh == expected && grant.scope == nil)
            #expect(ProviderTokens(grant.tokens.bytes)?.expiresAt == now + 60)
            try await server.stop()
        }
    }
}
