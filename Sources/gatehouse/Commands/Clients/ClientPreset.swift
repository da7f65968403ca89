import ArgumentParser
import OAuth

/// A known client that an administrator sets up by hand: its redirects, and where its user types the id and the secret.
enum ClientPreset: String, CaseIterable, ExpressibleByArgument {
    case copilotStudio = "copilot-studio"
    case cursor
    case geminiCLI = "gemini-cli"
    case kiro
    case n8n
    case postman

    /// The name on the consent page.
    var name: String {
        switch self {
        case .copilotStudio: "Copilot Studio"
        case .cursor: "Cursor"
        case .geminiCLI: "Gemini CLI"
        case .kiro: "Kiro"
        case .n8n: "n8n"
        case .postman: "Postman"
        }
    }

    /// The redirects that the client uses; empty for a client that makes one for each of its connections.
    var redirects: [String] {
        switch self {
        case .copilotStudio: []
        case .cursor:
            [
                "cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
            ]
        case .geminiCLI: ["http://localhost:7777/oauth/callback"]
        case .kiro: ["http://localhost:7778/oauth/callback"]
        case .n8n: ["https://oauth.n8n.cloud/oauth2/callback"]
        case .postman: ["https://oauth.pstmn.io/v1/callback"]
        }
    }

    /// A program on the user's computer keeps no secret; a service on the web has one.
    var method: ClientAuthenticationMethod {
        switch self {
        case .copilotStudio, .n8n: .clientSecretBasic
        case .cursor, .geminiCLI, .kiro, .postman: .none
        }
    }

    /// Why `--redirect-uri` cannot be omitted; nil where it can.
    var missingRedirect: String? {
        guard redirects.isEmpty else { return nil }
        return
            "\(name) shows a redirect URL of its own for each connection once you have created it there; type anything as client "
            + "ID and secret until then. Pass the URL with --redirect-uri."
    }

    /// What to type in the client, a step a line. `redirect` is the first one that was registered, and `secret` is nil for a
    /// public client.
    func steps(issuer: String, clientID: String, secret: String?, redirect: String) -> [String] {
        let (authorize, token) = (
            issuer + AdvertisedEndpoint.authorization.path, issuer + AdvertisedEndpoint.token.path
        )
        let typedSecret = secret.map { ["Client secret: \($0)"] } ?? []
        let jsonSecret = { (name: String) in secret.map { #", "\#(name)": "\#($0)""# } ?? "" }
        switch self {
        case .copilotStudio:
            return [
                "Edit the connection of the tool: authentication OAuth 2.0, type Manual.", "Client ID: \(clientID)",
            ] + typedSecret + [
                "Authorization URL: \(authorize)", "Token URL template: \(token)", "Refresh URL: \(token)",
            ]
        case .cursor:
            return [
                #"Add to ~/.cursor/mcp.json, below "mcpServers" and with the URL of your MCP server:"#,
                #""my-server": { "url": "https://MCP-SERVER/mcp", "auth": { "CLIENT_ID": "\#(clientID)""#
                    + jsonSecret("CLIENT_SECRET") + " } }",
            ]
        case .geminiCLI:
            return [
                #"Add to ~/.gemini/settings.json, below "mcpServers" and with the URL of your MCP server:"#,
                #""my-server": { "httpUrl": "https://MCP-SERVER/mcp", "oauth": { "enabled": true, "clientId": "\#(clientID)""#
                    + jsonSecret("clientSecret")
                    + #", "authorizationUrl": "\#(authorize)", "tokenUrl": "\#(token)", "redirectUri": "\#(redirect)" } }"#,
                "Then type /mcp auth my-server.",
            ]
        case .kiro:
            return [
                #"Add to ~/.kiro/settings/mcp.json, below "mcpServers" and with the URL of your MCP server:"#,
                #""my-server": { "url": "https://MCP-SERVER/mcp", "oauth": { "clientId": "\#(clientID)""#
                    + jsonSecret("clientSecret") + #", "redirectUri": "\#(redirect)" } }"#,
            ]
        case .n8n:
            return [
                "Create a credential of the type MCP OAuth2 API, turn off Use Dynamic Client Registration, and choose PKCE.",
                "Authorization URL: \(authorize)", "Access token URL: \(token)", "Client ID: \(clientID)",
            ] + typedSecret + (secret == nil ? [] : ["Authentication: Header"])
        case .postman:
            return [
                "In the Authorization tab of the MCP request choose OAuth 2.0 with grant type Authorization Code (With PKCE).",
                "Callback URL: \(redirect)", "Auth URL: \(authorize)", "Access token URL: \(token)",
                "Client ID: \(clientID)",
            ] + typedSecret + ["Code challenge method: SHA-256"]
        }
    }
}
