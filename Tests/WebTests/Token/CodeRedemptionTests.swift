import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("OAuth 2.1 §4.1.3 Redeeming a code")
struct CodeRedemptionTests {
    @Test func `a code is redeemed once, without a resource or a redirect in the token request`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let answer = try await h.redeem(grant, ["redirect_uri": nil])
            #expect(answer.status == .ok)
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.json["token_type"]?.string == "Bearer")
            #expect(answer.tokens.scope == "files:read")
            #expect(try await h.introspect(answer.tokens.access)["active"]?.bool == true)
        }
    }

    @Test func `the redirect carries exactly one code, state and iss`() async throws {
        try await Harness.run { h in
            let query = FormText.decode(queryOf: try await h.code().location)
            #expect(query["code"]?.count == 1)
            #expect(query["state"] == ["xyz"])
            #expect(query["iss"] == ["http://localhost"])
        }
    }

    @Test func `one of a hundred parallel redemptions succeeds, and the session ends afterwards`()
        async throws
    {
        try await Harness.run { h in
            let grant = try await h.code()
            let answers = try await withThrowingTaskGroup(of: (HTTPResponse.Status, Tokens).self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        let answer = try await h.redeem(grant)
                        return (answer.status, answer.tokens)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let winners = answers.filter { $0.0 == .ok }
            #expect(winners.count == 1)
            let winner = try #require(winners.first?.1)
            #expect(try await h.introspect(winner.access)["active"]?.bool == false)
            #expect(try await h.refresh(winner.refresh).error == "invalid_grant")
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `a second valid redemption ends the session of the first one`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let tokens = try await h.redeem(grant).tokens
            h.clock.advance(by: 2)
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.sessions().map(\.state) == [.ended])
        }
    }

    @Test func `each single mismatch fails, and the right request succeeds after all of them`() async throws {
        try await Harness.run { h in
            let other = try await h.register("other", redirects: [Harness.redirect])
            let grant = try await h.code()
            let wrong: [[String: String?]] = [
                ["client_id": other.id.string], ["redirect_uri": Harness.loopback],
                ["code_verifier": CodeVerifier.random().reveal()], ["resource": "https://elsewhere.example/mcp"],
            ]
            for changes in wrong {
                let answer = try await h.redeem(grant, changes)
                #expect(answer.status == .badRequest, "\(changes)")
                #expect(["invalid_grant", "invalid_target"].contains(answer.error), "\(changes)")
            }
            #expect(try await h.sessions().map(\.state) == [.approved])
            #expect(try await h.redeem(grant).status == .ok)
        }
    }

    @Test func `a client that is not the code's own does not spend it`() async throws {
        try await Harness.run { h in
            let other = try await h.register("other", redirects: [Harness.redirect])
            let grant = try await h.code()
            for _ in 0..<5 { _ = try await h.redeem(grant, ["client_id": other.id.string]) }
            #expect(try await h.redeem(grant).status == .ok)
        }
    }

    @Test func `two wrong verifiers leave a code usable`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            for _ in 0..<2 { _ = try await h.redeem(grant, ["code_verifier": CodeVerifier.random().reveal()]) }
            #expect(try await h.redeem(grant).status == .ok)
        }
    }

    @Test func `the third wrong verifier spends a code`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            for _ in 0..<3 { _ = try await h.redeem(grant, ["code_verifier": CodeVerifier.random().reveal()]) }
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.sessions().allSatisfy { $0.state != .active })
        }
    }

    @Test func `a code expires after one minute`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            h.clock.advance(by: 60)
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.sessions().allSatisfy { $0.state != .active })
        }
    }

    @Test func `a redemption without the verifier is refused and does not spend the code`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            for verifier in [
                nil, "", "short", String(repeating: "a", count: 129), "ä" + String(repeating: "a", count: 43),
            ] {
                let answer = try await h.redeem(grant, ["code_verifier": verifier])
                #expect(answer.status == .badRequest)
            }
            #expect(try await h.redeem(grant).status == .ok)
        }
    }

    @Test func `a code is worthless after its user is disabled or its client or MCP server is removed`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                _ = try $0.users.setDisabled(now, user)
            }
            #expect(try await h.redeem(grant).error == "invalid_grant")
            #expect(try await h.sessions().allSatisfy { $0.state != .active })
        }
    }

    @Test func `a confidential client must authenticate with its registered method`() async throws {
        try await Harness.run { h in
            let secret = ClientSecret.random()
            let client = try await h.register("server", redirects: [Harness.redirect], secret: secret)
            let grant = try await h.code(nil, ["client_id": client.id.string])
            let wrong: [[String: String?]] = [
                [:], ["client_secret": ""], ["client_secret": "null"],
                ["client_secret": ClientSecret.random().reveal()],
            ]
            for changes in wrong {
                let answer = try await h.redeem(grant, changes.merging(["client_id": client.id.string]) { $1 })
                #expect(answer.status == .unauthorized)
                #expect(answer.error == "invalid_client")
            }
            let form = [
                ("grant_type", "authorization_code"), ("code", grant.code), ("code_verifier", grant.verifier),
                ("redirect_uri", Harness.redirect),
            ]
            let basic = try await h.send("/token", form, basic: (client.id.string, secret.reveal()))
            #expect(basic.error == "invalid_client")
            #expect(basic.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            let right = ["client_id": client.id.string, "client_secret": secret.reveal()]
            #expect(try await h.redeem(grant, right).status == .ok)
        }
    }

    @Test func `a repeated parameter, or one in the URL, is refused`() async throws {
        try await Harness.run { h in
            let grant = try await h.code()
            let form = [
                ("grant_type", "authorization_code"), ("client_id", "quill"), ("code", grant.code),
                ("code_verifier", grant.verifier),
            ]
            #expect(try await h.send("/token", form + [("code", grant.code)]).error == "invalid_request")
            #expect(try await h.send("/token?client_id=quill", form).error == "invalid_request")
            #expect(try await h.send("/token", form).status == .ok)
        }
    }

    @Test func `a token of another kind is not accepted as a code or a refresh token`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let grant = try await h.code()
            for foreign in [tokens.access, tokens.refresh ?? "", "gate_c_", ""] {
                let answer = try await h.redeem(
                    Redeemable(code: foreign, verifier: grant.verifier))
                #expect(answer.status == .badRequest)
            }
            for foreign in [tokens.access, grant.code] {
                #expect(try await h.refresh(foreign).error == "invalid_grant")
            }
            #expect(try await h.introspect(tokens.refresh ?? "")["active"]?.bool == false)
            #expect(try await h.introspect(grant.code)["active"]?.bool == false)
        }
    }
}
