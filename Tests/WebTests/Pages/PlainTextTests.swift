import Testing

@testable import Web

@Suite("Untrusted text")
struct PlainTextTests {
    @Test(arguments: [
        ("harm\u{202E}sselon\u{202C}", "harmsselon"), ("\u{2066}a\u{2069}b", "ab"), ("a\u{200B}\u{FEFF}b", "ab"),
        ("line\r\nbreak\u{2028}more\u{0}", "line break more"), ("  a \t b  ", "a b"), ("\u{3164}\u{115F}", ""),
        ("tag\u{E0041}\u{E0042}", "tag"), ("private\u{E000}", "private"), ("esc\u{1B}[31m", "esc [31m"),
    ])
    func `invisible characters are removed`(text: String, shown: String) {
        #expect(PlainText(text).description == shown)
    }

    @Test(arguments: ["\"\u{301}\u{302}", "\u{D4E}<\u{301}", "a" + String(repeating: "\u{1100}", count: 60)])
    func `program text keeps every character, however its characters combine`(text: String) {
        let shown = PlainText(code: text).description
        for scalar in text.unicodeScalars {
            let spelled = "\\u{\(String(scalar.value, radix: 16))}"
            let places = shown.split(separator: spelled, omittingEmptySubsequences: false).count - 1
            let seen = shown.unicodeScalars.count { $0 == scalar } + places
            #expect(seen == text.unicodeScalars.count { $0 == scalar }, "\(spelled)")
        }
        for character in shown where character.unicodeScalars.contains(where: { "&<>\"'".unicodeScalars.contains($0) })
        {
            #expect(character.unicodeScalars.count == 1)
        }
    }

    @Test(arguments: [
        ("rm  -rf   /", "rm  -rf   /"), ("  a ", "  a "), ("a\nb\r\nc\rd", "a↵\nb↵\nc↵\nd"), ("a\tb", "a⇥\tb"),
        ("a\u{2028}\u{85}b", "a↵\n↵\nb"), ("a\u{A0}\u{3000}b", "a\u{A0}\u{3000}b"), ("\r\n", "↵\n"),
        ("a\u{202E}b\u{0}", "a\\u{202e}b\\u{0}"), ("❤️ می‌خواهم", "❤️ می‌خواهم"), ("a\u{2800}", "a\\u{2800}"),
    ])
    func `text that a digest covers is shown unchanged, with marks for breaks and tabs`(
        text: String, shown: String
    ) {
        #expect(PlainText(written: text).description == shown)
    }

    @Test(arguments: ["नमस्ते", "שלום", "می‌خواهم", "👩‍👩‍👧", "❤️", "Ünïcode"])
    func `ordinary text is unchanged`(text: String) {
        #expect(PlainText(text).description == text)
    }

    @Test func `a name of ten thousand bytes is cut and says so`() {
        let shown = PlainText(String(repeating: "x", count: 10_240)).description
        #expect(shown.count == 201)
        #expect(shown.hasSuffix("…"))
    }

    @Test func `the combining marks of one letter are limited`() {
        let shown = PlainText("a" + String(repeating: "\u{0301}", count: 5000)).description
        #expect(shown.unicodeScalars.count <= 12)
    }

    @Test(arguments: ["\"", "'", "<", ">", "&"], ["\u{0308}", "\u{0903}", "\u{200D}", "\u{FE0F}", "\u{20E3}"])
    func `no HTML syntax hides in a larger character, where escaping would miss it`(syntax: String, mark: String) {
        for text in [syntax + mark, "\u{0600}" + syntax + mark, "a" + syntax + mark + mark] {
            let shown = PlainText(text).description
            #expect(shown.contains(syntax))
            for character in shown
            where character.unicodeScalars.contains(where: { "&<>\"'".unicodeScalars.contains($0) }) {
                #expect(character.unicodeScalars.count == 1)
            }
        }
    }

    @Test(arguments: [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "/callback",
        "intent://x#Intent;end", "view-source:https://a.example", "ms-word:ofe", "MS-Word:x",
        "https:evil", "https://", "https://a@evil.example/", "http://a b/", "java\tscript:alert(1)", "",
    ])
    func `a page never links to an executable scheme or to a malformed URL`(address: String) {
        #expect(LinkTarget(address) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:9000/callback?code=a&state=b", "127.0.0.1:9000"), ("http://[::1]:9000/", "[::1]:9000"),
        ("https://app.example/cb#x", "app.example"), ("com.example.app:/callback", "com.example.app:"),
        ("cursor://anysphere/cb", "cursor:"),
    ])
    func `a URL is kept unchanged, and its host is shown`(address: String, host: String) throws {
        let target = try #require(LinkTarget(address))
        #expect(target.text.description == address)
        #expect(target.host.description == host)
    }
}
