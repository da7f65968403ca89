import Foundation
import OAuth
import Testing

@Suite("RFC 8252 §7.1 schemes of an app's own")
struct OwnSchemeTests {
    @Test(arguments: ["com.example.app", "cursor", "claude", "vscode", "vscode-insiders", "windsurf", "a.b"])
    func `a scheme with a dot or of a known app needs no permission`(name: String) throws {
        #expect(try OwnScheme(name).isFamiliar)
        let redirect = try RedirectURI("\(name)://place/oauth/callback?x=1")
        #expect(redirect.kind == .privateUse && redirect.ownScheme?.string == name)
        #expect(redirect.place == "\(name):" && !redirect.isLoopback)
    }

    @Test(arguments: ["acme", "notes-app", "x1"])
    func `any other scheme needs an operator's permission`(name: String) throws {
        #expect(try !OwnScheme(name).isFamiliar)
        #expect(try RedirectURI("\(name):/callback").ownScheme?.string == name)
    }

    @Test(arguments: [
        "javascript", "vbscript", "data", "file", "blob", "about", "view-source", "intent", "ms-word",
        "ms-appinstaller",
        "ms-anything", "search-ms", "filesystem", "jar", "http", "https", "ftp", "mailto", "tel", "sms", "ws", "wss",
        "urn", "chrome", "microsoft.windows.camera", "soap.beep", "steam", "",
        "JAVASCRIPT", "Mailto", "INTENT", "acme:", "acme://", "-acme", "1acme", "ac me", "äcme", "acme/", "acme\u{0}",
        String(repeating: "a", count: 65),
    ])
    func `a scheme that runs something, that IANA registers for something else or that is malformed is refused`(
        name: String
    ) {
        #expect(throws: OAuthValueError.self) { try OwnScheme(name) }
        guard !["http", "https"].contains(name), !name.contains(":") else { return }
        #expect(throws: OAuthValueError.self) { try RedirectURI("\(name)://place/callback") }
    }

    @Test func `schemes are case-insensitive and the redirect keeps its spelling`()
        throws
    {
        #expect(try OwnScheme("CURSOR") == OwnScheme("cursor"))
        let redirect = try RedirectURI("CURSOR://place/callback")
        #expect(redirect.string == "CURSOR://place/callback")
        #expect(redirect.ownScheme?.string == "cursor" && redirect.place == "cursor:")
        #expect(redirect.ownScheme?.isFamiliar == true)
        // OAuth compares strings: another spelling of the same scheme is another redirect.
        #expect(RedirectRule.verify("cursor://place/callback", registered: [redirect], localhostAnyPort: true) == nil)
    }

    @Test(arguments: ["cursor:", "cursor://", "cursor:?a=b", "com.example.app:"])
    func `a scheme without a path is refused as redirect`(text: String) {
        #expect(throws: OAuthValueError.self) { try RedirectURI(text) }
    }

    @Test(arguments: ["HTTPS://app.example/cb", "Http://127.0.0.1/cb", "https:/cb", "http:cb"])
    func `a web URL in upper case or without a host gets a helpful error`(text: String) {
        let error = #expect(throws: OAuthValueError.self) { try RedirectURI(text) }
        #expect(error?.sentence.contains("https:// in lower case and a host") == true)
    }

    @Test func `a scheme that is never accepted gets an error that says so`() {
        for (scheme, words) in [
            ("mailto", "IANA registers it for something else"), ("javascript", "No answer is ever sent to"),
            ("intent", "No answer is ever sent to"), ("MS-Word", "No answer is ever sent to"),
            ("tel", "IANA registers it for something else"),
        ] {
            let error = #expect(throws: OAuthValueError.self) { try RedirectURI("\(scheme):x") }
            #expect(error?.sentence.contains(words) == true, "\(scheme): \(error?.sentence ?? "")")
        }
    }

    @Test func `an own scheme matches byte by byte, with its port`() throws {
        let redirect = try RedirectURI("cursor://localhost:1/callback")
        for other in ["cursor://localhost:2/callback", "cursor://localhost/callback", "cursor://localhost:1/callback/"]
        {
            #expect(RedirectRule.verify(other, registered: [redirect], localhostAnyPort: true) == nil)
        }
        #expect(RedirectRule.verify(redirect.string, registered: [redirect], localhostAnyPort: true)?.uri == redirect)
    }

    @Test func `the port of an own scheme is part of what is compared`() throws {
        for text in [
            "cursor://localhost:1/callback", "cursor://127.0.0.1:1/callback?a=b", "cursor://localhost/callback",
        ] {
            #expect(try RedirectURI(text).withoutLoopbackPort == text)
        }
    }

    @Test func `each row of the list that ships names scheme, app, redirect, source and date`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/own-schemes.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(cells.count == 5 && cells.allSatisfy { !$0.isEmpty }, "\(row)")
            #expect(cells.last?.hasPrefix("2026-") == true, "\(row)")
        }
        #expect(rows.map { $0.dropFirst(3).prefix { $0 != ":" } }.map(String.init) == OwnScheme.known)
    }
}
