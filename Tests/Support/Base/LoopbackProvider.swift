import Synchronization

/// A third-party provider on loopback that records requests and replies as a test wants, even wrongly.
package final class LoopbackProvider: Sendable {
    /// The behaviour of the token endpoint.
    package enum Manner: Sendable {
        /// Issues tokens and rotates refresh tokens.
        case giving
        case answering(String, body: String)
        case silent
    }

    private struct State {
        var manner = Manner.giving
        var lifetime: Int64 = 3600
        var given = 0
        var refreshToken = ""
        var takesBack = true
        var whenAsked: @Sendable () -> Void = {}
    }

    private let state: SharedState
    private let server: LoopbackServer

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// Starts a provider.
    package static func start() async throws -> LoopbackProvider {
        let state = SharedState()
        let server = try await LoopbackServer.start { request in
            state.value.withLock { state in
                if request.hasPrefix("POST /token ") {
                    state.whenAsked()
                    return answer(request, &state)
                }
                let isRefused = request.hasPrefix("POST /revoke ") && !state.takesBack
                return LoopbackServer.http(isRefused ? "503 Later" : "200 OK", body: "{}")
            }
        }
        return LoopbackProvider(state: state, server: server)
    }

    private init(state: SharedState, server: LoopbackServer) {
        self.state = state
        self.server = server
    }

    /// The URL of a path.
    package func address(_ path: String) -> String { "http://127.0.0.1:\(server.port)\(path)" }
    /// The origin.
    package var origin: String { address("") }
    /// The raw requests to the token endpoint.
    package var tokenRequests: [String] { server.requests.filter { $0.hasPrefix("POST /token ") } }
    /// The raw requests to the revocation endpoint.
    package var revocations: [String] { server.requests.filter { $0.hasPrefix("POST /revoke ") } }
    /// The number N of the last issued tokens, `access-canary-N` and `refresh-canary-N`.
    package var given: Int { state.value.withLock { $0.given } }

    /// Changes the behaviour of the token endpoint.
    package func behave(_ manner: Manner) { state.value.withLock { $0.manner = manner } }
    /// Makes the revocation endpoint fail.
    package func refuseRevocations() { state.value.withLock { $0.takesBack = false } }
    /// Sets a hook that runs at each token request before the reply.
    package func whenAsked(_ deed: @escaping @Sendable () -> Void) { state.value.withLock { $0.whenAsked = deed } }
    /// Sets the lifetime of the next access tokens, in seconds.
    package func setLifetime(_ seconds: Int64) { state.value.withLock { $0.lifetime = seconds } }
    /// Stops the server.
    package func stop() async throws { try await server.stop() }

    private static func answer(_ request: String, _ state: inout State) -> LoopbackServer.Reply {
        switch state.manner {
        case .silent: return .silence
        case .answering(let status, let body):
            let fields = "Content-Type: application/json\r\nLocation: https://elsewhere.example/"
            return LoopbackServer.http(status, fields, body: body)
        case .giving: break
        }
        let isRefresh = request.contains("grant_type=refresh_token")
        guard
            !isRefresh || request.contains("refresh_token=\(state.refreshToken)&")
                || request.hasSuffix(state.refreshToken)
        else { return LoopbackServer.http("400 Bad", body: #"{"error":"invalid_grant"}"#) }
        state.given += 1
        state.refreshToken = "refresh-canary-\(state.given)"
        return LoopbackServer.http(
            "200 OK",
            body: """
                {"access_token":"access-canary-\(state.given)","token_type":"Bearer","expires_in":\(state.lifetime),\
                "refresh_token":"\(state.refreshToken)","scope":"repo"}
                """)
    }
}
