package import JOSE
import Synchronization

/// An OpenID provider of our own on loopback. Unlike real ones it gives forged, late and malformed answers when a test wants them.
package final class LoopbackIdentityProvider: Sendable {
    /// The behaviour of the token endpoint.
    package enum Manner: Sendable {
        case giving
        case answering(String, body: String)
        case silent
    }

    private struct State {
        var manner = Manner.giving
        var idToken = ""
        var idTokens: [String: String] = [:]
        var refreshToken: String?
        var keys: [SigningKey]
        var metadata: [String: JSON?] = [:]
        var whenAsked: @Sendable () -> Void = {}
        var port = 0
    }

    private final class SharedState: Sendable {
        let value: Mutex<State>
        init(_ key: SigningKey) { value = Mutex(State(keys: [key])) }
    }

    /// The access token of every answer.
    package static let accessToken = "upstream-access-canary"

    /// The key that signs ID tokens at first.
    package let key: SigningKey
    private let state: SharedState
    private let server: LoopbackServer

    /// Starts a provider.
    package static func start() async throws -> LoopbackIdentityProvider {
        let key = SigningKey.generate()
        let state = SharedState(key)
        let server = try await LoopbackServer.start { request in
            state.value.withLock { answer(request, &$0) }
        }
        state.value.withLock { $0.port = server.port }
        return LoopbackIdentityProvider(key: key, state: state, server: server)
    }

    private init(key: SigningKey, state: SharedState, server: LoopbackServer) {
        (self.key, self.state, self.server) = (key, state, server)
    }

    /// The issuer identifier.
    package var issuer: String { "http://127.0.0.1:\(server.port)" }
    /// The raw requests to the token endpoint.
    package var tokenRequests: [String] { server.requests.filter { $0.hasPrefix("POST /token ") } }
    /// The number of requests for the keys.
    package var keyRequests: Int { server.requests.count { $0.hasPrefix("GET /jwks ") } }

    /// Changes the behaviour of the token endpoint.
    package func behave(_ manner: Manner) { state.value.withLock { $0.manner = manner } }
    /// Sets the ID token of the next answers.
    package func prepare(_ idToken: String) { state.value.withLock { $0.idToken = idToken } }
    /// Sets the ID token that a code is redeemed for, so that several sign-ins can be under way at once.
    package func prepare(_ idToken: String, for code: String) { state.value.withLock { $0.idTokens[code] = idToken } }
    /// Sets the refresh token of the next answers; nil for none.
    package func offer(refreshToken: String?) { state.value.withLock { $0.refreshToken = refreshToken } }
    /// Publishes these keys.
    package func publish(_ keys: [SigningKey]) { state.value.withLock { $0.keys = keys } }
    /// Changes members of the metadata; nil removes one.
    package func change(_ metadata: [String: JSON?]) { state.value.withLock { $0.metadata = metadata } }
    /// Sets a hook that runs at each token request before the reply.
    package func whenAsked(_ deed: @escaping @Sendable () -> Void) { state.value.withLock { $0.whenAsked = deed } }
    /// Stops the server.
    package func stop() async throws { try await server.stop() }

    private static func answer(_ request: String, _ state: inout State) -> LoopbackServer.Reply {
        if request.hasPrefix("GET /jwks ") {
            return LoopbackServer.http("200 OK", body: text(JWKSet(state.keys.map(\.jwk)).json))
        }
        guard request.hasPrefix("POST /token ") else {
            return LoopbackServer.http("200 OK", body: text(metadata(state)))
        }
        state.whenAsked()
        switch state.manner {
        case .silent: return .silence
        case .answering(let status, let body): return LoopbackServer.http(status, body: body)
        case .giving:
            let prepared = state.idTokens.first {
                request.contains("code=\($0.key)&") || request.hasSuffix("code=\($0.key)")
            }
            var body: JSONObject = [
                "access_token": .string(accessToken), "token_type": "Bearer", "expires_in": 300,
                "id_token": .string(prepared?.value ?? state.idToken),
            ]
            body["refresh_token"] = state.refreshToken.map(JSON.string)
            return LoopbackServer.http("200 OK", body: text(body))
        }
    }

    private static func metadata(_ state: State) -> JSONObject {
        let origin = "http://127.0.0.1:\(state.port)"
        var json: JSONObject = [
            "issuer": .string(origin), "authorization_endpoint": .string(origin + "/authorize"),
            "token_endpoint": .string(origin + "/token"), "jwks_uri": .string(origin + "/jwks"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "id_token_signing_alg_values_supported": ["ES256"], "code_challenge_methods_supported": ["S256"],
        ]
        for (name, value) in state.metadata { json[name] = value }
        return json
    }

    private static func text(_ json: JSONObject) -> String { String(decoding: json.bytes, as: UTF8.self) }
}
