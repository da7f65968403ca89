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

@Suite("RFC 3339 timestamps")
struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_795_238_272, "2026-11-21T05:17:52Z"),
            (-1, "1969-12-31T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] as [(Int64, String)])
    func `Seconds and text say the same`(seconds: Int64, text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T05:17:52", "2026-11-21T05:17:52+00:00", "2026-11-21t05:17:52Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-06-31T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:0aZ", "+026-01-01T00:00:00Z",
    ])
    func `Another form or a day that does not exist is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `Moments order and subtract`() {
        let one = Timestamp(seconds: 100)
        #expect(one + 5 > one && (one + 5) - one == 5 && one - 5 == Timestamp(seconds: 95))
    }
}
