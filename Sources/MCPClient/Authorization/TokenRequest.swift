package import JOSE
import OAuth
package import Outbound

/// What a public client sends to an authorization server itself: its registration, and its code for a token.
///
/// Spec: OAuth 2.1 §4.1.3
package struct TokenRequest: Sendable {
    private let discovery: Discovery
    private let lookup: ProtectedResourceLookup
    private let client: OperatorClient

    /// Requests to the authorization server that was discovered from an MCP server.
    package init(_ discovery: Discovery, from lookup: ProtectedResourceLookup, by client: OperatorClient) {
        self.discovery = discovery
        self.lookup = lookup
        self.client = client
    }

    /// Registers a public client, and returns its id.
    ///
    /// Spec: RFC 7591 §3.1
    package func register(_ name: String, redirect: String) async throws(ClientFailure) -> String {
        guard let endpoint = discovery.registrationEndpoint else {
            throw ClientFailure(
                "\(discovery.issuer) lets no client register itself. Give the URL of a metadata document or a registered id "
                    + "with --client-id.")
        }
        let metadata: JSONObject = [
            "client_name": .string(name), "redirect_uris": [.string(redirect)], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"], "response_types": ["code"],
        ]
        let (status, answer) = try await post(metadata.bytes, "application/json", to: endpoint)
        guard status == 201 || status == 200, let id = answer["client_id"]?.string else {
            throw refusal("the registration", status, answer)
        }
        return id
    }

    /// Redeems a code for an access token.
    package func redeem(
        _ code: String, of attempt: AuthorizationAttempt, clientID: String, redirect: String
    ) async throws(ClientFailure) -> Secret {
        let form = FormText.encode([
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
            ("code_verifier", attempt.verifier.reveal()), ("client_id", clientID),
            ("resource", discovery.resource.resource),
        ])
        let (status, answer) = try await post(Array(form.utf8), FormText.mediaType, to: discovery.tokenEndpoint)
        guard status == 200, let token = answer["access_token"]?.string else {
            throw refusal("the code", status, answer)
        }
        guard answer["token_type"]?.string?.lowercased() == "bearer" else {
            throw ClientFailure("The token is bound to a key, and this client sends bearer tokens only.")
        }
        return Secret(bytes: Array(token.utf8))
    }

    private func post(
        _ body: [UInt8], _ type: String, to endpoint: String
    ) async throws(ClientFailure) -> (status: Int, answer: JSONObject) {
        let url = try lookup.named(endpoint)
        do throws(OutboundFailure) {
            let response = try await client.post(
                url, body: body, contentType: type, fields: [("Accept", "application/json")])
            return (response.status, (try? JSONObject(parsing: response.body)) ?? [:])
        } catch {
            throw ClientFailure("Cannot reach \(endpoint): \(error).")
        }
    }

    private func refusal(_ what: String, _ status: Int, _ answer: JSONObject) -> ClientFailure {
        let words = answer["error_description"]?.string ?? answer["error"]?.string ?? "no reason given"
        return ClientFailure("\(discovery.issuer) refuses \(what) with status \(status): \(words)")
    }
}
