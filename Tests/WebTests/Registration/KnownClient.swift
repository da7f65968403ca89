import JOSE
import Testing

/// A real client as public issues, documents and source code show it: what it sends, and where it takes its response.
struct KnownClient: Sendable, CustomTestStringConvertible {
    /// How the client becomes known to this server.
    enum WayIn: Sendable {
        /// By the metadata document of this name in the fixtures.
        case document(String)
        /// By this registration.
        case registration(JSONObject)
    }

    let name: String
    let wayIn: WayIn
    /// The redirects that its authorization requests name.
    let redirects: [String]
    /// The product that the consent page names, if the users of a product share the redirects.
    var sharedBy: String?
    /// The requested scope; nil for a client that requests none.
    var scope: String? = "files:read"

    var testDescription: String { name }
}

extension KnownClient {
    /// The clients that have a metadata document.
    static let withDocuments = [
        document("claude", "https://claude.ai/api/mcp/auth_callback"),
        document("claude-code", "http://localhost:51234/callback"),
        document("chatgpt", "https://chatgpt.com/connector_platform_oauth_redirect"),
        document("vscode", "http://127.0.0.1:40001/"), document("copilot-cli", "http://127.0.0.1:52000/"),
        document("goose", "http://localhost:40002"), document("opencode", "http://127.0.0.1:40003/callback"),
        document("smithery", "https://connect.smithery.ai/oauth/callback"),
        document("mcpjam", "http://localhost:6274/oauth/callback"),
        document(
            "gemini", "https://oauth-redirect.googleusercontent.com/r/user_bound_custom-mcp-1-files_example"),
    ]

    /// The clients that register themselves.
    static let registering = [
        registering(
            "Claude", "https://claude.ai/api/mcp/auth_callback", sharedBy: "Claude", method: "client_secret_post",
            ["scope": "files:read", "client_uri": "https://claude.ai"]),
        registering(
            "Cursor", "cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback", method: "none"),
        registering(
            "Cursor", "https://www.cursor.com/agents/mcp/oauth/callback", sharedBy: "Cursor", method: "none",
            [
                "redirect_uris": [
                    "cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback",
                    "http://localhost:8787/callback", "https://not-on-any-list.example/callback",
                ]
            ]),
        registering(
            "ChatGPT", "https://chatgpt.com/connector/oauth/ig2N09X8ZQ6D", sharedBy: "ChatGPT",
            method: "client_secret_post"),
        registering(
            "Visual Studio Code", "http://127.0.0.1:59656/", method: "none",
            [
                "redirect_uris": [
                    "https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/",
                    "http://127.0.0.1:33418/",
                ],
                "grant_types": [
                    "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
                ], "application_type": "native",
            ]),
        registering(
            "Gemini CLI MCP Client", "http://localhost:7777/oauth/callback", "http://localhost:52111/oauth/callback",
            method: "none", ["code_challenge_method": ["S256"]]),
        registering(
            "Google Antigravity", "https://antigravity.google/oauth-callback", sharedBy: "Google Antigravity",
            method: "none"),
        // It names no method, which means client_secret_basic, and may request no scope.
        registering(
            "Microsoft Copilot Studio",
            "https://global.consent.azure-apim.net/redirect/mvp-5fholy-20moly-20mcp-5fdfde809e1caf448f",
            sharedBy: "Microsoft Copilot Studio or Power Platform", method: nil, scope: nil),
        registering(
            "mistral-mcp-client", "https://callback.mistral.ai/v1/integrations_auth/oauth2_callback",
            sharedBy: "Mistral Le Chat", method: "client_secret_post"),
        registering(
            "Perplexity", "https://www.perplexity.ai/rest/connections/oauth_callback", sharedBy: "Perplexity",
            method: "client_secret_post"),
        registering("Devin", "https://api.devin.ai/mcp/oauth/callback", sharedBy: "Devin", method: "none"),
        registering(
            "n8n", "https://oauth.n8n.cloud/oauth2/callback", sharedBy: "n8n Cloud", method: "client_secret_basic"),
        registering("Postman", "https://oauth.pstmn.io/v1/callback", sharedBy: "Postman", method: "none"),
        registering("Kiro", "http://localhost:7778/oauth/callback", method: "none"),
        registering(
            "Grok", "https://grok.com/connectors-oauth-exchange-code/", sharedBy: "Grok", method: "none"),
        registering(
            "MCP Inspector", "http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug",
            method: "none", ["client_uri": "https://github.com/modelcontextprotocol/inspector"]),
        registering("Zed", "http://127.0.0.1:43123/oauth/callback", method: "none"),
        registering("goose", "http://127.0.0.1:50444/oauth_callback", method: "none", ["response_types": .null]),
    ]

    private static func document(_ name: String, _ redirect: String) -> KnownClient {
        KnownClient(name: name, wayIn: .document(name), redirects: [redirect])
    }

    private static func registering(
        _ name: String, _ redirects: String..., sharedBy: String? = nil, method: String?, scope: String? = "files:read",
        _ more: JSONObject = [:]
    ) -> KnownClient {
        var members: JSONObject = [
            "client_name": .string(name), "redirect_uris": .strings(redirects),
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        ]
        members["token_endpoint_auth_method"] = method.map(JSON.string)
        for (name, value) in more.members { members[name] = value }
        return KnownClient(
            name: name, wayIn: .registration(members), redirects: redirects, sharedBy: sharedBy, scope: scope)
    }
}
