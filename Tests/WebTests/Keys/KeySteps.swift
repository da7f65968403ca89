import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport

/// Steps of a client whose metadata document publishes keys.
extension DocumentScene {
    static let keySet = "/keys.json"

    /// Publishes the client's document with `keys` in it, fresh for a day.
    func publish(_ keys: [AssertionKey], age: Int = 86_400) {
        host.publish(
            ["token_endpoint_auth_method": "private_key_jwt", "jwks": .object(Self.set(keys))], age: age)
    }

    /// Publishes the client's document with the URL of its keys.
    func publish(keysAt url: String) {
        host.publish(["token_endpoint_auth_method": "private_key_jwt", "jwks_uri": .string(url)])
    }

    /// Serves `keys` beside the document.
    func serve(_ keys: [AssertionKey]) {
        host.answer(Self.reply(keys), at: Self.keySet)
    }

    static func set(_ keys: [AssertionKey]) -> JSONObject { ["keys": .array(keys.map { .object($0.jwk) })] }

    /// The response with a key set that is fresh for an hour.
    static func reply(_ keys: [AssertionKey]) -> LoopbackServer.Reply {
        LoopbackServer.http(
            "200 OK", "Content-Type: application/jwk-set+json\r\nCache-Control: max-age=3600",
            body: JSON.object(set(keys)).text)
    }

    /// Redeems a new code with the key.
    func redeem(key: AssertionKey) async throws -> TestResponse {
        let grant = try await code()
        return try await send(
            "/token",
            [
                ("grant_type", "authorization_code"), ("code", grant.code), ("code_verifier", grant.verifier),
                ("redirect_uri", Self.redirect),
            ], key: key)
    }

    /// Refreshes with the key.
    func refresh(_ token: String?, key: AssertionKey) async throws -> TestResponse {
        try await send("/token", [("grant_type", "refresh_token"), ("refresh_token", token ?? "")], key: key)
    }

    /// Posts a form with an assertion of the client.
    func send(_ path: String, _ form: [(String, String)], key: AssertionKey) async throws -> TestResponse {
        try await h.send(path, form + key.form(of: host.id(), now: h.clock.now))
    }
}
