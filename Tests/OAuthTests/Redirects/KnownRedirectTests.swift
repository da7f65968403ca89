import Testing

@testable import OAuth

@Suite("The redirects of known clients")
struct KnownRedirectTests {
    @Test func `each line of the list that ships can be read and names product, sharing, source and date`() {
        #expect(KnownRedirectList.lines.count > 15)
        for line in KnownRedirectList.lines {
            let entry = KnownRedirect(line: line)
            #expect(entry != nil, "\(line)")
            #expect(entry?.date.count == 10 && entry?.date.hasPrefix("202") == true, "\(line)")
            #expect(entry?.vendor.isEmpty == false && entry?.source.isEmpty == false, "\(line)")
        }
        let patterns = KnownRedirects.shipped.entries.map(\.pattern.string)
        #expect(Set(patterns).count == KnownRedirectList.lines.count, "no pattern stands in the list twice")
    }

    @Test func `a web address of a product is shared by its users, and an app's own scheme is not`() {
        for entry in KnownRedirects.shipped.entries {
            #expect(entry.isShared == (entry.pattern.ownScheme == nil), "\(entry.pattern)")
        }
    }

    @Test func `an own scheme in the list is one that an administrator may register without further permission`() {
        for entry in KnownRedirects.shipped.entries {
            #expect(entry.pattern.ownScheme.map(\.isFamiliar) != false, "\(entry.pattern)")
        }
    }

    @Test(arguments: [
        ("https://claude.ai/api/mcp/auth_callback", "Claude"), ("https://claude.com/api/mcp/auth_callback", "Claude"),
        ("https://chatgpt.com/connector/oauth/ig2N09X8ZQ6D", "ChatGPT"),
        ("https://chatgpt.com/connector_platform_oauth_redirect", "ChatGPT"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "Cursor"),
        ("https://www.cursor.com/agents/mcp/oauth/callback", "Cursor"),
        ("https://vscode.dev/redirect", "Visual Studio Code"),
        ("https://insiders.vscode.dev/redirect", "Visual Studio Code Insiders"),
        ("https://grok.com/connectors-oauth-exchange-code/", "Grok"),
        ("https://console.x.ai/connectors-oauth-exchange-code/", "Grok"),
        ("https://antigravity.google/oauth-callback", "Google Antigravity"),
        (
            "https://global.consent.azure-apim.net/redirect/mvp-5fholy-20moly-20mcp-5fdfde809e1caf448f",
            "Microsoft Copilot Studio or Power Platform"
        ),
        ("https://callback.mistral.ai/v1/integrations_auth/oauth2_callback", "Mistral Le Chat"),
        ("https://www.perplexity.ai/rest/connections/oauth_callback", "Perplexity"),
        ("https://api.devin.ai/mcp/oauth/callback", "Devin"), ("https://oauth.n8n.cloud/oauth2/callback", "n8n Cloud"),
        ("https://oauth.pstmn.io/v1/callback", "Postman"),
    ])
    func `the redirect that a known client sends is in the list`(redirect: String, vendor: String) throws {
        #expect(try KnownRedirects.shipped.entry(for: RedirectURI(redirect))?.vendor == vendor)
    }

    @Test(arguments: [
        "https://claude.ai/api/mcp/auth_callback/", "https://claude.ai/", "https://chatgpt.com/connector/oauth/",
        "https://chatgpt.com/connector/oauth/..%2f..%2fg", "https://chatgpt.com/g/x",
        "https://grok.com/connectors-oauth-exchange-code", "https://global.consent.azure-apim.net/other/x",
        "https://evil.consent.azure-apim.net/redirect/x", "https://vscode.dev/redirect?url=vscode://evil",
        "vscode://anything/callback", "http://localhost/callback", "https://app.example/callback",
    ])
    func `no other redirect is in the list`(redirect: String) throws {
        #expect(try KnownRedirects.shipped.entry(for: RedirectURI(redirect)) == nil)
    }

    @Test(arguments: [
        "", "a | b", "https://a.example/cb | A | perhaps | s | 2026-01-01", "ftp://a | A | own | s | 2026-01-01",
    ])
    func `a line of another form is no entry`(line: String) {
        #expect(KnownRedirect(line: line) == nil)
    }
}
