/// The redirects of known MCP clients, one a line: redirect or prefix, product, whether everyone who uses it shares the redirect,
/// source, and the source's date.
///
/// A web address of a product is shared: the product sorts the responses by `state`. An app's own scheme leads to the app on the
/// user's device. Loopback redirects of any port and path are always accepted and have no line here.
enum KnownRedirectList {
    static let lines = text.split(separator: "\n")

    private static let text = """
        https://claude.ai/api/mcp/auth_callback | Claude | shared | claude.com/docs/connectors/building/authentication | 2026-07-01
        https://claude.com/api/mcp/auth_callback | Claude | shared | claude.com/docs/connectors/building/authentication | 2026-07-01
        claude://claude.ai/mcp-auth-callback/sdk | Claude Desktop | own | anthropics/claude-code issue 93671 | 2026-09-16
        https://chatgpt.com/connector/oauth/* | ChatGPT | shared | makeplane/plane-mcp-server pull request 165 | 2026-06-29
        https://chatgpt.com/connector_platform_oauth_redirect | ChatGPT | shared | koala73/worldmonitor pull request 8307 | 2026-09-17
        https://www.cursor.com/agents/mcp/oauth/callback | Cursor | shared | erp-mafia/accounted pull request 2225 | 2026-09-03
        cursor://anysphere.cursor-mcp/oauth/callback | Cursor | own | erp-mafia/accounted pull request 2225 | 2026-09-03
        https://vscode.dev/redirect | Visual Studio Code | shared | microsoft/vscode issue 278512 | 2025-11-20
        https://insiders.vscode.dev/redirect | Visual Studio Code Insiders | shared | microsoft/vscode issue 278512 | 2025-11-20
        https://grok.com/connectors-oauth-exchange-code/ | Grok | shared | grok.com/oauth/mcp-client.json | 2026-09-17
        https://console.x.ai/connectors-oauth-exchange-code/ | Grok | shared | grok.com/oauth/mcp-client.json | 2026-09-17
        https://antigravity.google/oauth-callback | Google Antigravity | shared | koala73/worldmonitor pull request 8307 | 2026-09-17
        https://global.consent.azure-apim.net/redirect/* | Microsoft Copilot Studio or Power Platform | shared | agentifyanchor.github.io, article of 2025-12-30 | 2025-12-30
        https://callback.mistral.ai/v1/integrations_auth/oauth2_callback | Mistral Le Chat | shared | pantalytics/odoo-mcp-pro pull request 21 | 2026-04-28
        https://www.perplexity.ai/rest/connections/oauth_callback | Perplexity | shared | koala73/worldmonitor pull request 8307 | 2026-09-17
        https://enterprise.perplexity.ai/rest/connections/oauth_callback | Perplexity Enterprise | shared | koala73/worldmonitor pull request 8307 | 2026-09-17
        https://api.devin.ai/mcp/oauth/callback | Devin | shared | koala73/worldmonitor pull request 8307 | 2026-09-17
        https://oauth.n8n.cloud/oauth2/callback | n8n Cloud | shared | docs.zuora.com, Redirect URIs by MCP client | 2026-09-11
        https://oauth.pstmn.io/v1/callback | Postman | shared | Swiggy/swiggy-mcp-server-manifest issue 46 | 2026-04-27
        mcpjam://oauth/callback | MCPJam | own | its metadata document, in the smoke tests of modelcontextprotocol/inspector | 2026-06-01
        """
}
