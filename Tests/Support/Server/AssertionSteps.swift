import AuthorizationServer
package import JOSE
package import OAuth
package import Storage
import TestSupport

/// A key pair of a client or an MCP server of a test, and the assertions that it signs.
package struct AssertionKey: Sendable {
    private let key: SigningKey

    /// Makes a key.
    package init() { key = .generate() }

    /// The public half.
    package var jwk: JSONObject { key.jwk.json }
    /// The public half as a JWK set.
    package var set: JSONObject { ["keys": [.object(jwk)]] }
    /// The public half as it is stored.
    package var keys: ClientKeys? { ClientKeys(set: set) }

    /// A signed assertion of the client `id` for a server at `issuer`, valid for one minute from `now`. In `claims` and `header` nil
    /// removes a member and a value replaces or adds one.
    package func assertion(
        of id: String, to issuer: String = "http://localhost", now: Timestamp, _ claims: [String: JSON?] = [:],
        header: [String: JSON?] = [:]
    ) throws -> String {
        var body: JSONObject = [
            "iss": .string(id), "sub": .string(id), "aud": .string(issuer), "jti": .string(Random.token(16)),
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + 60),
        ]
        for (name, value) in claims { body[name] = value }
        var head: JSONObject = [
            "typ": "client-authentication+jwt", "alg": "ES256", "kid": .string(key.kid),
        ]
        for (name, value) in header { head[name] = value }
        return try JWS.sign(header: head, payload: JSON.object(body).bytes, with: key)
    }

    /// The form parameters of such an assertion.
    package func form(
        of id: String, to issuer: String = "http://localhost", now: Timestamp, _ claims: [String: JSON?] = [:],
        header: [String: JSON?] = [:]
    ) throws -> [(String, String)] {
        Self.form(try assertion(of: id, to: issuer, now: now, claims, header: header))
    }

    /// The form parameters of an assertion.
    package static func form(_ assertion: String) -> [(String, String)] {
        [("client_assertion_type", ClientAssertion.type), ("client_assertion", assertion)]
    }
}

extension Gatehouse {
    /// Registers a client that authenticates with `key`.
    package func register(_ id: String, redirects: [String], key: AssertionKey) async throws -> RegisteredClient {
        let client = RegisteredClient(
            id: try ClientID(id), name: id, redirectURIs: try redirects.map { try RedirectURI($0) },
            authMethod: .privateKeyJWT, keys: key.keys, createdAt: clock.now())
        try await store.write { _ = try $0.clients.insert(client) }
        return client
    }

    /// Registers an MCP server that authenticates with `key`.
    package func addServer(_ identifier: String, key: AssertionKey) async throws -> Resource {
        let server = Resource(
            identifier: try ResourceIdentifier(identifier), name: "Keyed", owner: "Ops", scopes: [], secretDigest: nil,
            keys: key.keys, createdAt: clock.now())
        try await store.write { _ = try $0.resources.insert(server) }
        return server
    }

    /// The number of one-time tokens in memory.
    package func spentTokens() async throws -> Int {
        try await store.read { try $0.replays.count() }
    }
}
