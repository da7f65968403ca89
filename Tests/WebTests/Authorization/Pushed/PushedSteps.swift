import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport

@testable import Storage

/// Steps of pushed authorization requests.
extension Harness {
    /// Pushes an authorization request; `changes` as in `request`.
    func push(
        _ changes: [String: String?] = [:], verifier: CodeVerifier = .random(), basic: (String, String)? = nil
    ) async throws -> TestResponse {
        try await send("/par", request(changes, verifier: verifier), basic: basic)
    }

    /// Pushes a request that must be accepted, and returns its `request_uri`.
    func pushed(_ changes: [String: String?] = [:], verifier: CodeVerifier = .random()) async throws -> String {
        try await push(changes, verifier: verifier).json["request_uri"]?.string ?? ""
    }

    /// Opens `/authorize` with a `request_uri`.
    func authorize(
        _ browser: TestBrowser, pushed uri: String, client: String? = nil, more: [(String, String)] = []
    ) async throws -> TestResponse {
        try await authorize(browser, [("client_id", client ?? registered.id.string), ("request_uri", uri)] + more)
    }

    /// The rows of pushed requests: whether each is used.
    func pushedRows() async throws -> [Bool] {
        try await gatehouse.store.read { tx in
            try tx.all("SELECT interaction_id IS NOT NULL FROM pushed_requests") { try $0.flag(0) }
        }
    }
}
