import Testing

@testable import OAuth

@Suite("Patterns of redirects")
struct RedirectPatternTests {
    private func admits(_ pattern: String, _ redirect: String) throws -> Bool {
        let pattern = try RedirectPattern(pattern)
        return RedirectPattern.covering(try RedirectURI(redirect)).contains(pattern.string)
    }

    @Test(arguments: [
        "https://app.example/oauth/callback/", "https://app.example/oauth/callbac",
        "https://app.example/oauth/callback?a=b",
        "https://app.example:443/oauth/callback", "https://app.example:8443/oauth/callback",
        "https://APP.example/oauth/callback", "https://app.example/oauth/%63allback",
        "https://app.example/OAuth/callback",
        "https://app.example/oauth/./callback", "https://evil.example/oauth/callback",
        "https://app.example.evil.example/oauth/callback",
    ])
    func `a full redirect admits its own bytes and nothing else`(other: String) throws {
        #expect(try admits("https://app.example/oauth/callback", "https://app.example/oauth/callback"))
        #expect(try !admits("https://app.example/oauth/callback", other))
    }

    @Test(arguments: ["/oauth/a", "/oauth/a/b", "/oauth/a/", "/oauth/A-b._~9"])
    func `a prefix admits what is below its path`(path: String) throws {
        #expect(try admits("https://app.example/oauth/*", "https://app.example\(path)"))
        #expect(try admits("https://app.example/*", "https://app.example\(path)"))
    }

    @Test(arguments: [
        // The folder itself, and neighbours of the same beginning.
        "https://app.example/oauth", "https://app.example/oauth/", "https://app.example/oauthx/a",
        "https://app.example/oauth-evil/a", "https://app.example/OAUTH/a", "https://app.example/",
        // Ways out of the folder.
        "https://app.example/oauth/..", "https://app.example/oauth/../evil", "https://app.example/oauth/./a",
        "https://app.example/oauth/%2e%2e/evil", "https://app.example/oauth/%2E./evil",
        "https://app.example/oauth/.%2e/evil",
        "https://app.example/oauth/a%2f..%2f..%2fevil", "https://app.example/oauth/..%2fevil",
        "https://app.example/oauth/%5c..%5cevil", "https://app.example/oauth/%252e%252e/evil",
        "https://app.example/oauth/..;/evil", "https://app.example/oauth/a;x=y/b", "https://app.example/oauth/%00a",
        "https://app.example//oauth/a", "https://app.example/oauth//a", "https://app.example/oauth/a//",
        "https://app.example/%6fauth/a",
        // What a page below the folder may read and pass on.
        "https://app.example/oauth/a?next=https://evil.example", "https://app.example/oauth/a?",
        // Other servers.
        "https://app.example:443/oauth/a", "https://app.example:8443/oauth/a", "https://APP.EXAMPLE/oauth/a",
        "https://evil.example/oauth/a", "https://app.example.evil.example/oauth/a", "https://evilapp.example/oauth/a",
        "https://sub.app.example/oauth/a", "http://127.0.0.1/oauth/a",
    ])
    func `a prefix admits nothing outside of its path, whatever the spelling`(redirect: String) throws {
        #expect(try !admits("https://app.example/oauth/*", redirect))
    }

    @Test(arguments: [
        "https://app.example@evil.example/oauth/a", "https://evil@app.example/oauth/a",
        "https://app.example\\@evil/oauth/a",
        "https://app.example/oauth/a#x", "https://app.example/oauth/a\u{0}", "https://app.example./oauth/a",
        "https://app%2eexample/oauth/a", "https://[app.example]/oauth/a", "http://app.example/oauth/a",
    ])
    func `a redirect that two parsers could read differently is refused before any pattern sees it`(redirect: String) {
        #expect(throws: OAuthValueError.self) { try RedirectURI(redirect) }
    }

    @Test func `a path deeper than any known callback is below no prefix`() throws {
        let deep = String(repeating: "/a", count: 16)
        #expect(try admits("https://app.example/a/*", "https://app.example\(deep)"))
        #expect(try !admits("https://app.example/a/*", "https://app.example\(deep)/a"))
        #expect(
            try RedirectPattern.covering(RedirectURI("https://app.example" + String(repeating: "/a", count: 900))).count
                == 1)
    }

    @Test(arguments: [
        "cursor://anysphere.cursor-mcp/oauth/callback/", "cursor://anysphere.cursor-mcp/oauth",
        "cursor://evil/oauth/callback",
        "cursor://anysphere.cursor-mcp.evil/oauth/callback", "cursor://ANYSPHERE.cursor-mcp/oauth/callback",
        "cursor://anysphere.cursor-mcp:1/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/%63allback",
        "cursor://anysphere.cursor-mcp/oauth/callback?a=b", "cursor:/oauth/callback",
        "windsurf://anysphere.cursor-mcp/oauth/callback",
        "cursorx://anysphere.cursor-mcp/oauth/callback",
    ])
    func `an app's own scheme is admitted with its authority and path, and in any case of the scheme`(other: String)
        throws
    {
        let pattern = "cursor://anysphere.cursor-mcp/oauth/callback"
        #expect(try admits(pattern, pattern))
        #expect(try admits(pattern, "CURSOR://anysphere.cursor-mcp/oauth/callback"))
        #expect(try admits("Cursor://anysphere.cursor-mcp/oauth/callback", pattern))
        #expect(try !admits(pattern, other))
    }

    @Test(arguments: [
        ("https://app.example/oauth*", "at its end"), ("https://app.example/*/callback", "at its end"),
        ("https://*.example/oauth/a", "host name"), ("https://*/oauth/a", "host name"), ("*", "scheme"),
        ("/*", "scheme"),
        ("https://app.example:8443/oauth/*", "no port"), ("https://app.example:443/*", "no port"),
        ("https://APP.example/oauth/*", "lower case"), ("https://app.example/oauth/../*", "prefix as"),
        ("https://app.example/%6fauth/*", "prefix as"), ("https://app.example//*", "prefix as"),
        ("https://app.example/oauth/?a=/*", "prefix as"), ("cursor://app/oauth/*", "prefix as"),
        ("http://localhost/callback", "needs no permission"), ("http://127.0.0.1:80/*", "needs no permission"),
        ("http://app.example/cb", "https://"), ("javascript:alert(1)", "makes a device run"), ("mailto:a@b", "IANA"),
        ("cursor://app/cb?a=b", "query"), ("https://app.example/cb?code=x", "code"),
        ("https://app.example/cb#x", "fragment"),
        ("", "URI"),
    ])
    func `a pattern that cannot be compared safely is refused with what to write instead`(text: String, words: String) {
        let error = #expect(throws: OAuthValueError.self) { try RedirectPattern(text) }
        #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
    }

    @Test func `the narrowest pattern comes first`() throws {
        #expect(
            try RedirectPattern.covering(RedirectURI("https://app.example/a/b/")) == [
                "https://app.example/a/b/", "https://app.example/a/*", "https://app.example/*",
            ])
        #expect(try RedirectPattern.covering(RedirectURI("https://app.example")) == ["https://app.example"])
        #expect(try RedirectPattern.covering(RedirectURI("http://localhost:1/cb")) == [])
    }
}
