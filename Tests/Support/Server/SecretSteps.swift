import AuthorizationServer
package import HummingbirdTesting
package import JOSE
package import OAuth
import Storage
import TestSupport

extension Harness {
    /// A form with one field of each kind.
    package static let schema: JSONObject = [
        "type": "object",
        "properties": [
            "api_key": [
                "type": "string", "format": "password", "title": "API key", "description": "Of the team's account",
                "minLength": 8,
            ],
            "account": ["type": "string", "title": "Account name"],
            "port": ["type": "integer", "title": "Port", "maximum": 65535],
            "region": [
                "type": "string", "title": "Region",
                "oneOf": [["const": "eu-1", "title": "Europe"], ["const": "us-1", "title": "America"]],
            ],
            "rights": ["type": "array", "title": "Rights", "items": ["type": "string", "enum": ["read", "write"]]],
            "test": ["type": "boolean", "title": "Try it at once"],
        ],
        "required": ["api_key", "account"],
    ]

    /// Permits these kinds and external hosts to the first MCP server.
    package func grant(_ kinds: Set<ElicitationKind>, hosts: [String] = []) async throws {
        let policy = ResourcePolicy(elicitationKinds: kinds, externalHosts: hosts)
        try await gatehouse.store.write { [id = resource.id] in try $0.resources.set(policy, of: id) }
    }

    /// Creates a `secret` elicitation with `schema` and changes.
    package func askSecret(_ token: String, _ changes: [String: JSON?] = [:]) async throws -> TestResponse {
        var body: [String: JSON?] = [
            "kind": "secret", "message": "The upstream needs a key.", "action": nil as JSON?,
            "requested_schema": .object(Self.schema),
        ]
        for (name, value) in changes { body[name] = value }
        return try await ask(token, body)
    }

    /// Submits the form with these fields.
    package func fill(
        _ browser: TestBrowser, _ asked: Asked, _ fields: [(String, String)], at page: TestResponse
    ) async throws -> TestResponse {
        try await browser.post(
            asked.page, [("token", page.input("token") ?? ""), ("decision", "approve")] + fields)
    }
}
