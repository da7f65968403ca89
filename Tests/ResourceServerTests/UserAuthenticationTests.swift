import JOSE
import Testing

@testable import ResourceServer

@Suite("RFC 9470 §3 step-up challenges")
struct UserAuthenticationTests {
    private let metadata = "resource_metadata=\"http://127.0.0.1:9/.well-known/oauth-protected-resource/mcp\""
    private let now = ManualClock.start

    private func access(at time: Int64?, acr: String? = "urn:one") -> Access {
        var access = Access(subject: "s", clientID: "c", sessionID: nil, scopes: ["files:read"], expiresAt: now + 600)
        (access.authenticatedAt, access.acr) = (time, acr)
        return access
    }

    private func resource(skew: Int64 = 0) throws -> ProtectedResource {
        var configuration = Fixture.configuration(issuer: "https://gate.example")
        configuration.allowedClockSkew = skew
        return try ProtectedResource(configuration)
    }

    private func isEnough(_ wanted: UserAuthentication, _ access: Access, skew: Int64 = 0) throws -> Bool {
        do {
            try resource(skew: skew).demand(wanted, of: access)
            return true
        } catch {
            #expect((error as? Refusal)?.kind == .insufficientUserAuthentication)
            return false
        }
    }

    @Test func `the challenge names ways, age and scopes, and the status is 401`() throws {
        let wanted = UserAuthentication(maxAge: 300, acrValues: ["urn:two", "urn:three"])
        let resource = try resource()
        let refused = #expect(throws: Refusal.self) {
            try resource.demand(wanted, requiring: ["files:write"], of: access(at: now))
        }
        #expect(refused?.status == 401 && refused?.kind == .insufficientUserAuthentication)
        let challenge = refused?.challenge ?? ""
        #expect(challenge.hasPrefix("Bearer error=\"insufficient_user_authentication\", error_description=\""))
        #expect(
            challenge.hasSuffix(
                "scope=\"files:write\", acr_values=\"urn:two urn:three\", max_age=\"300\", " + metadata))
        #expect(refused?.reason.contains("urn:one") == true)
    }

    @Test func `absent requirements are not in the challenge`() throws {
        let resource = try resource()
        let refused = #expect(throws: Refusal.self) {
            try resource.demand(UserAuthentication(maxAge: 0), of: access(at: now - 1))
        }
        #expect(refused?.challenge?.contains("max_age=\"0\"") == true)
        #expect(refused?.challenge?.contains("acr_values") == false)
        #expect(refused?.challenge?.contains("scope=") == false)
        let plain = resource.challenge(.invalidToken)
        #expect(plain.challenge?.contains("max_age") == false)
    }

    @Test func `a sign-in of exactly the maximum age is enough, an older or unknown one is not`() throws {
        let wanted = UserAuthentication(maxAge: 300)
        #expect(try isEnough(wanted, access(at: now)))
        #expect(try isEnough(wanted, access(at: now - 300)))
        #expect(try !isEnough(wanted, access(at: now - 301)))
        #expect(try isEnough(wanted, access(at: now - 305), skew: 5))
        #expect(try !isEnough(wanted, access(at: nil)))
        #expect(try !isEnough(wanted, access(at: .min)))
        #expect(try isEnough(wanted, access(at: .max)))
    }

    @Test func `one accepted class is enough, a token without acr is not`() throws {
        #expect(try isEnough(UserAuthentication(), access(at: nil, acr: nil)))
        #expect(try isEnough(UserAuthentication(acrValues: ["urn:two", "urn:one"]), access(at: nil)))
        #expect(try !isEnough(UserAuthentication(acrValues: ["urn:two"]), access(at: now)))
        #expect(try !isEnough(UserAuthentication(acrValues: ["urn:one"]), access(at: now, acr: nil)))
    }

    @Test func `time and class come from the token's claims`() throws {
        var claims = Fixture.claims(issuer: "https://gate.example")
        #expect(try Fixture.rule().access(signed: claims, now: now).authenticatedAt == nil)
        claims["auth_time"] = .integer(now - 7)
        claims["acr"] = "urn:one"
        let access = try Fixture.rule().access(signed: claims, now: now)
        #expect(access.authenticatedAt == now - 7 && access.acr == "urn:one")
    }
}
