import JOSE
import Testing

@testable import ResourceServer

@Suite("RFC 9068 §4 validating access tokens")
struct AccessTokenRuleTests {
    private let now = ManualClock.start
    private let issuer = "https://gate.example"

    private func good() -> JSONObject { Fixture.claims(issuer: issuer) }

    @Test func `reads a good token`() throws {
        let access = try Fixture.rule().access(signed: good(), now: now)
        #expect(access.subject == "sub_1")
        #expect(access.clientID == "https://client.example/c.json")
        #expect(access.sessionID == "ses_1")
        #expect(access.scopes == ["files:read"])
        #expect(access.expiresAt == now + 600)
    }

    @Test(arguments: ["iss", "sub", "aud", "client_id", "iat", "jti", "exp"])
    func `refuses a token without a claim that RFC 9068 demands`(claim: String) throws {
        var claims = good()
        claims[claim] = nil
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
    }

    @Test(arguments: [
        ("iss", "https://gate.example/"), ("iss", "https://other.example"), ("aud", "http://127.0.0.1:9/other"),
        ("aud", "http://127.0.0.1:10/mcp"), ("aud", ""), ("aud", "mcp"), ("exp", "1800000600"),
    ])
    func `refuses a token of another issuer or for another server`(claim: String, value: String) throws {
        var claims = good()
        claims[claim] = .string(value)
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
    }

    @Test func `matches the audience without regard to the case of the host`() throws {
        var claims = good()
        claims["aud"] = ["https://other.example", "HTTP://127.0.0.1:9/mcp"]
        #expect(throws: Never.self) { try Fixture.rule().access(signed: claims, now: now) }
        claims["aud"] = ["https://other.example"]
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
    }

    @Test func `a token expires in the second of exp`() throws {
        #expect(throws: Never.self) { try Fixture.rule().access(signed: good(), now: now + 599) }
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: good(), now: now + 600) }
        #expect(throws: Never.self) { try Fixture.rule(skew: 5).access(signed: good(), now: now + 604) }
        #expect(throws: TokenRejection.self) { try Fixture.rule(skew: 5).access(signed: good(), now: now + 605) }
    }

    @Test func `refuses a token from the future`() throws {
        var claims = good()
        claims["nbf"] = .integer(now + 1)
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
        claims["nbf"] = nil
        claims["iat"] = .integer(now + 61)
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
    }

    @Test func `reads the key that a token is bound to`() throws {
        var claims = good()
        #expect(try Fixture.rule().access(signed: claims, now: now).keyThumbprint == nil)
        let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        claims["cnf"] = ["jkt": .string(thumbprint)]
        for type in [nil, "DPoP", "dpop", "Bearer"] as [String?] {
            claims["token_type"] = type.map(JSON.string)
            #expect(try Fixture.rule().access(claims, now: now).keyThumbprint == thumbprint)
        }
        claims["token_type"] = "mac"
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(claims, now: now) }
    }

    @Test func `refuses a token that is bound in another way, or said to be bound without a key`() throws {
        var claims = good()
        let others: [JSON] = [["jkt": "x"], ["x5t#S256": "x"], [:], "x", .null]
        for confirmation in others {
            claims["cnf"] = confirmation
            #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
        }
        claims["cnf"] = nil
        claims["token_type"] = "DPoP"
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(claims, now: now) }
    }

    @Test func `reads dates with fractions and refuses dates out of range`() throws {
        var claims = good()
        claims["exp"] = .number(1_800_000_600.5)
        #expect(try Fixture.rule().access(signed: claims, now: now).expiresAt == now + 600)
        claims["exp"] = .number(1e300)
        #expect(throws: TokenRejection.self) { try Fixture.rule().access(signed: claims, now: now) }
    }
}
