import Foundation
import OAuth
import Testing

@Suite("RFC 8252 §7.1 schemes of an app's own")
struct OwnSchemeTests {
    @Test(arguments: ["com.example.app", "cursor", "claude", "vscode", "vscode-insiders", "windsurf", "a.b"])
    func `a scheme with a dot and one of a known app need nobody's word`(name: String) throws {
        #expect(try OwnScheme(name).isFamiliar)
        let redirect = try RedirectURI("\(name)://place/oauth/callback?x=1")
        #expect(redirect.kind == .privateUse && redirect.ownScheme?.string == name)
        #expect(redirect.place == "\(name):" && !redirect.isLoopback)
    }

    @Test(arguments: ["acme", "notes-app", "x1"])
    func `any other scheme is one that somebody has to vouch for`(name: String) throws {
        #expect(try !OwnScheme(name).isFamiliar)
        #expect(try RedirectURI("\(name):/callback").ownScheme?.string == name)
    }

    @Test(arguments: [
        "javascript", "vbscript", "data", "file", "blob", "about", "view-source", "intent", "ms-word",
        "ms-appinstaller",
        "ms-anything", "search-ms", "filesystem", "jar", "http", "https", "ftp", "mailto", "tel", "sms", "ws", "wss",
        "urn", "chrome", "microsoft.windows.camera", "soap.beep", "steam", "",
        "Cursor", "JAVASCRIPT", "acme:", "acme://", "-acme", "1acme", "ac me", "äcme", "acme/", "acme\u{0}",
        String(repeating: "a", count: 65),
    ])
    func `a scheme that runs something, that IANA registers for something else or that is malformed is refused`(
        name: String
    ) {
        #expect(throws: OAuthValueError.self) { try OwnScheme(name) }
        guard !["http", "https"].contains(name), !name.contains(":") else { return }
        #expect(throws: OAuthValueError.self) { try RedirectURI("\(name)://place/callback") }
    }

    @Test func `an own scheme matches byte by byte, with its port`() throws {
        let redirect = try RedirectURI("cursor://localhost:1/callback")
        for other in ["cursor://localhost:2/callback", "cursor://localhost/callback", "cursor://localhost:1/callback/"]
        {
            #expect(RedirectRule.verify(other, registered: [redirect], localhostAnyPort: true) == nil)
        }
        #expect(RedirectRule.verify(redirect.string, registered: [redirect], localhostAnyPort: true)?.uri == redirect)
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
