import JOSE
import MCPClient
import OAuth
import Outbound

/// The demo's MCP client. It is not registered and knows one URL: that of the MCP server.
final class Notebook: Sendable {
    let server: String
    let clientID: String
    let redirect: String
    private let client: OperatorClient

    init(server: String, clientID: String, redirect: String, client: OperatorClient) {
        self.server = server
        self.clientID = clientID
        self.redirect = redirect
        self.client = client
    }

    /// A response of the MCP server: HTTP status, challenge and JSON-RPC body.
    struct Answer {
        let status: Int
        let challenge: ReceivedChallenge?
        let body: JSONObject?

        /// The text of a tool's result.
        var text: String? {
            body?["result"]?.object?["content"]?.array?.first?.object?["text"]?.string
        }
    }

    /// Calls a tool as MCP 2026-07-28 specifies: without a handshake, everything in one message.
    func call(_ tool: String, _ arguments: JSONObject = [:], token: String?) async throws -> Answer {
        try await call(["name": .string(tool), "arguments": .object(arguments)], token: token)
    }

    /// Calls a tool with all parameters of the call.
    func call(_ parameters: JSONObject, token: String?) async throws -> Answer {
        let request = StatelessRequest(
            "tools/call", name: parameters["name"]?.string ?? "", parameters, client: "demo-notebook")
        var fields = request.fields
        if let token { fields.append((name: "Authorization", value: "Bearer \(token)")) }
        let response = try await client.post(
            try RemoteURL(operator: server), body: request.message.bytes, contentType: "application/json",
            fields: fields)
        return Answer(
            status: response.status,
            challenge: ReceivedChallenge.forTokens(in: response.values(of: "www-authenticate")),
            body: try? JSONObject(parsing: response.body))
    }

    /// Discovers the authorization server from a challenge.
    func discover(_ challenge: ReceivedChallenge) async throws -> Discovery {
        try await Discovery.follow(challenge, from: ProtectedResourceLookup(server, by: client))
    }

    /// Registers a public client with a name and this client's redirect; returns the id that the server chose.
    ///
    /// Spec: RFC 7591 §3.1
    func register(_ name: String, at endpoint: String) async throws -> String {
        let metadata: JSONObject = [
            "client_name": .string(name), "redirect_uris": [.string(redirect)], "token_endpoint_auth_method": "none",
        ]
        let response = try await client.post(
            try RemoteURL(operator: endpoint), body: metadata.bytes, contentType: "application/json")
        guard response.status == 201, let id = (try? JSONObject(parsing: response.body))?["client_id"]?.string else {
            throw StoryFailure(expected: "a client_id", found: "the status was \(response.status)")
        }
        return id
    }

    /// The same program under another client id.
    func known(as clientID: String) -> Notebook {
        Notebook(server: server, clientID: clientID, redirect: redirect, client: client)
    }

    /// Prepares an authorization request with a new state and code verifier.
    func authorization(_ discovery: Discovery, scope: String) -> AuthorizationAttempt {
        AuthorizationAttempt(discovery, clientID: clientID, redirect: redirect, scope: scope)
    }

    /// Exchanges an authorization code for tokens.
    func redeem(_ code: String, of authorization: AuthorizationAttempt, at discovery: Discovery) async throws -> Tokens
    {
        let (status, object) = try await token(
            at: discovery,
            [
                ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
                ("code_verifier", authorization.verifier.reveal()),
            ])
        guard status == 200 else { throw Self.refused("tokens for the code", status, object) }
        return try Tokens(object)
    }

    /// Exchanges a refresh token for new tokens.
    func refresh(_ tokens: Tokens, at discovery: Discovery) async throws -> Tokens {
        let (status, object) = try await refreshResponse(tokens, at: discovery)
        guard status == 200 else { throw Self.refused("tokens for the refresh token", status, object) }
        return try Tokens(object)
    }

    /// Sends a refresh request and returns the response even when it is a refusal.
    func refreshResponse(_ tokens: Tokens, at discovery: Discovery) async throws -> (status: Int, object: JSONObject) {
        try await token(at: discovery, [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh)])
    }

    /// Posts to the token endpoint. The client is public, so `client_id` is all its authentication; PKCE protects the code.
    private func token(
        at discovery: Discovery, _ fields: [(String, String)]
    ) async throws -> (status: Int, object: JSONObject) {
        let form = fields + [("client_id", clientID), ("resource", discovery.resource.resource)]
        let response = try await client.post(
            try RemoteURL(operator: discovery.tokenEndpoint), body: Array(FormText.encode(form).utf8),
            contentType: FormText.mediaType)
        return (response.status, (try? JSONObject(parsing: response.body)) ?? [:])
    }

    private static func refused(_ expected: String, _ status: Int, _ object: JSONObject) -> StoryFailure {
        let reason = object["error_description"]?.string ?? object["error"]?.string ?? "no reason given"
        return StoryFailure(expected: expected, found: "the response is \(status): \(reason)")
    }
}
