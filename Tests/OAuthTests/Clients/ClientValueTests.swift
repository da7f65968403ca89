import OAuth
import Testing

@Suite("Client identifiers and names")
struct ClientValueTests {
    @Test(arguments: [
        ("https://claude.ai/oauth/claude-code-client-metadata", "claude.ai"),
        ("https://app.example:8443/c.json", "app.example"),
        ("https://app.example/c.json?redirect_uri=http%3A%2F%2F127.0.0.1", "app.example"),
        ("https://app.example/", "app.example"),
    ])
    func `a URL with a path is a document`(text: String, host: String) throws {
        let id = try ClientID(text)
        #expect(id.kind == .document(host: host) && id.documentHost == host && id.isDocument && id.string == text)
    }

    @Test(arguments: [
        "https://app.example", "http://app.example/c.json", "HTTPS://app.example/c.json", "https://App.example/c.json",
        "https://app.example:443/c.json", "https://app.example/c.json#x", "https://user@app.example/c.json",
        "https://app.example/a/../c.json", "https://app.example/./c.json", "https://app.example/%2e%2E/c.json",
        "https://app.example./c.json", "https://äpp.example/c.json", "https://app.example\\c.json",
        "https:app.example/c",
        "https:///c.json", "https://app.example/c d", "http:x", "https://" + String(repeating: "a", count: 3000) + "/c",
    ])
    func `other URLs are refused before anything is fetched`(text: String) {
        #expect(throws: OAuthValueError.self) { try ClientID(text) }
    }

    @Test func `Anything else is a registered client, bounded and plain`() throws {
        #expect(try ClientID("res_AAAAAAAAAAAAAAAAAAAAAA").kind == .registered)
        #expect(try ClientID("httpsclient").documentHost == nil)
        for text in ["", "a b", "a\"b", "<b>", "a\\b", "é", "a\n", String(repeating: "a", count: 257)] {
            #expect(throws: OAuthValueError.self) { try ClientID(text) }
        }
    }

    @Test(arguments: [
        ("Claude Code", "Claude Code"), ("  a \t\r\n b  ", "a b"), ("a\u{202E}evil\u{2066}", "aevil"),
        ("a\u{200B}\u{FEFF}b", "ab"),
        ("a\u{0}\u{1B}[31mb", "a[31mb"), ("\u{E0041}a", "a"), ("a\u{2028}b", "a b"), ("Ünïcode 日本", "Ünïcode 日本"),
        ("a\u{3164}\u{2800}\u{115F}b", "ab"), ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ])
    func `a name is shown without invisible and direction-changing characters`(
        claimed: String, shown: String
    ) {
        #expect(DisplayName(claimed)?.string == shown)
    }

    @Test func `a name is bounded, stacked marks are removed, an empty one is nil`() {
        #expect(DisplayName(String(repeating: "a", count: 10_000))?.string.count == 128)
        #expect(DisplayName("a" + String(repeating: "\u{0301}", count: 500))?.string.unicodeScalars.count == 3)
        #expect(DisplayName("\u{200B}\u{202E} \n") == nil)
        #expect(DisplayName("") == nil)
    }
}
