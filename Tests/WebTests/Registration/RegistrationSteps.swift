import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import TestSupport

@testable import Storage

/// Steps of clients that register themselves.
extension Harness {
    /// A registration request of a native public client; `changes` replace or add members.
    static func registration(_ changes: JSONObject = [:]) -> JSONObject {
        var members: JSONObject = [
            "client_name": "Desk", "redirect_uris": [.string(loopback)], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        ]
        for (name, value) in changes.members { members[name] = value }
        return members
    }

    /// Posts a registration request.
    func register(_ body: JSONObject, bearer token: String? = nil) async throws -> TestResponse {
        try await manage(.post, "/register", body, bearer: token)
    }

    /// Sends a request to the registration endpoint or to the registration of a client.
    func manage(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONObject? = nil, bearer token: String? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [:]
        if body != nil { headers[.contentType] = "application/json" }
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0.bytes) })
    }

    /// The clients that registered themselves.
    func dynamicClients() async throws -> [DynamicClient] {
        try await gatehouse.store.read { try $0.dynamicClients.list(limit: 20_000) }
    }

    /// Runs the flow of a client that registered itself up to its tokens. A secret goes in the Authorization header.
    func tokens(of id: String, secret: String? = nil, in browser: TestBrowser? = nil) async throws -> Tokens {
        let code = try await code(browser, ["client_id": id, "redirect_uri": Self.loopback])
        return try await redeem(code, by: id, secret: secret).tokens
    }

    /// Redeems a code of a client that registered itself.
    func redeem(_ code: Redeemable, by id: String, secret: String? = nil) async throws -> TestResponse {
        let form = [
            ("grant_type", "authorization_code"), ("client_id", id), ("code", code.code),
            ("code_verifier", code.verifier), ("redirect_uri", Self.loopback),
        ]
        return try await send("/token", form, basic: secret.map { (id, $0) })
    }

    /// Refreshes tokens of a client that registered itself.
    func refresh(_ tokens: Tokens, by id: String, secret: String? = nil) async throws -> TestResponse {
        let form = [
            ("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", tokens.refresh ?? ""),
        ]
        return try await send("/token", form, basic: secret.map { (id, $0) })
    }
}
