import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The cost of keys that strangers choose")
struct KeyCostTests {
    private static let refresh = [("grant_type", "refresh_token"), ("refresh_token", "foreign")]

    /// Registers a client with these keys and returns its id, or nil if it is refused.
    private func register(_ h: Harness, _ keys: [JSONObject]) async throws -> String? {
        try await h.register(
            Harness.registration([
                "token_endpoint_auth_method": "private_key_jwt", "jwks": ["keys": .array(keys.map(JSON.object))],
            ])
        ).json["client_id"]?.string
    }

    private static func rsa(bytes: Int) -> JSONObject {
        ["kty": "RSA", "kid": "k", "e": "AQAB", "n": .string(Base64URL.encode([UInt8](repeating: 255, count: bytes)))]
    }

    /// Points beside their curve, under one name.
    private static func unusable() -> JSONObject {
        var key = AssertionKey().jwk
        key["y"] = key["x"]
        key["kid"] = "k"
        key["alg"] = nil
        return key
    }

    private func forge(_ h: Harness, of id: String, _ algorithm: String) async throws -> String? {
        let form = try AssertionKey().form(
            of: id, now: h.clock.now, header: ["kid": "k", "alg": .string(algorithm)])
        return try await h.send("/token", Self.refresh + form).error
    }

    private func imports(_ h: Harness) async -> Int {
        await h.gatehouse.resourceAuthentication.assertions.keySets.imports
    }

    @Test func `a key that a set lists four times is imported once, and never again for forged assertions`()
        async throws
    {
        try await Harness.run { h in
            let key = AssertionKey()
            _ = try await h.gatehouse.register("robot", redirects: [Harness.redirect], key: key)
            let id = try #require(try await register(h, Array(repeating: Self.rsa(bytes: 512), count: 4)))
            #expect(try await forge(h, of: id, "RS256") == "invalid_client")
            #expect(await imports(h) == 1)
            try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<10 { group.addTask { try await forge(h, of: id, "RS256") } }
                for try await error in group { #expect(error == "invalid_client") }
            }
            #expect(await imports(h) == 1)
            let good = try key.form(of: "robot", now: h.clock.now)
            #expect(try await h.send("/token", Self.refresh + good).error == "invalid_grant", "others are served")
            #expect(await imports(h) == 2)
            #expect(try await h.gatehouse.spentTokens() == 1)
        }
    }

    @Test func `keys that cannot be used are tried once, four of one name at most`() async throws {
        try await Harness.run { h in
            let id = try #require(try await register(h, (0..<6).map { _ in Self.unusable() }))
            for _ in 0..<3 {
                #expect(try await forge(h, of: id, "ES256") == "invalid_client")
                #expect(await imports(h) == 4)
            }
            #expect(try await h.gatehouse.spentTokens() == 0)
        }
    }

    @Test func `a client with an RSA key of more than 4096 bits, or with an even modulus, is not registered`()
        async throws
    {
        try await Harness.run { h in
            var even = Self.rsa(bytes: 256)
            even["n"] = .string(Base64URL.encode([UInt8](repeating: 254, count: 256)))
            for key in [Self.rsa(bytes: 1024), Self.rsa(bytes: 513), even] {
                let id = try await register(h, [key])
                #expect(id == nil)
            }
            let registered = try await h.dynamicClients()
            #expect(registered.isEmpty)
        }
    }
}
