import Foundation
import JOSE
import OAuth
import Testing

@testable import Web

@Suite("Pages")
struct PageTests {
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
    }

    static let payloads = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' autofocus onfocus='alert(1)",
        "\"\u{0308} onfocus=alert(1) autofocus x=\"\u{0308}", "</title><script>alert(1)</script>", "{{token}}",
        "{{{token}}}", "&lt;script&gt;", "<!--", "-->", "]]>", "\u{202E}<b>", "<\u{0338}script>", "`${alert(1)}`",
        "javascript:alert(1)", "<svg/onload=alert(1)>", "<a href=https://evil.example>here</a>", "\u{0}<\u{0}script>",
        String(repeating: "<", count: 10_240), "0; url=https://evil.example", "\u{2028}<script>",
    ]

    @Test(arguments: payloads)
    func `no field of the consent page changes its markup`(payload: String) {
        let benign = markup(renderer.render(consent("x")))
        #expect(markup(renderer.render(consent(payload))) == benign)
    }

    @Test(arguments: payloads)
    func `no field of the other pages changes their markup`(payload: String) throws {
        let target = try #require(LinkTarget("http://127.0.0.1:9/cb?x=\"'<>&"))
        func pages(_ text: String) -> [String] {
            [
                renderer.render(
                    SignInPage(client: PlainText(text), token: text, username: text, problem: PlainText(text))),
                renderer.render(HandOffPage(to: target, title: PlainText(text))),
                renderer.render(
                    ReturnPage(to: target, explanation: PlainText(text), reference: PlainText(text))),
                renderer.render(FinishedPage(explanation: PlainText(text))),
                renderer.render(ExpiredPage(back: target, reference: text)),
                renderer.render(elicitation(text)), renderer.render(WrongAccountPage(account: text, token: text)),
                renderer.render(
                    ElicitationEndPage(
                        title: PlainText(text), explanation: PlainText(text), advice: PlainText(text))),
                renderer.render(
                    ErrorPage(
                        title: PlainText(text), explanation: PlainText(text), advice: PlainText(text), reference: text)),
            ]
        }
        #expect(pages(payload).map(markup) == pages("x").map(markup))
    }

    @Test func `the consent page names client, host, server, owner, redirect, scopes, lifetimes and account`() {
        let html = renderer.render(ConsentPage.sample)
        for text in [
            "Quill Notes", "quill.example.com", "Not verified", "Team Files", "https://files.example.org/mcp",
            "Platform team, Example Org", "127.0.0.1", "files:read", "files:write", "id=\"new-permissions\"",
            "12 hours", "ada",
        ] { #expect(html.contains(text), "\(text)") }
        #expect(html.contains("name=\"lifetime\" value=\"12h\" checked"))
        #expect(html.contains("name=\"scope\" value=\"files:read\" checked"))
        #expect(html.contains("name=\"replace\" value=\"ses_sample\" checked"))
        #expect(html.contains("name=\"decision\" value=\"approve\""))
        #expect(html.contains("name=\"decision\" value=\"deny\""))
    }

    @Test func `the page warns of a client whose redirects are all on this computer, and of no other`() {
        let warning = "id=\"loopback\""
        #expect(renderer.render(ConsentPage.sample).contains(warning))
        #expect(!renderer.render(consent("x")).contains(warning))
    }

    @Test func `a registered client is not called unverified, and no host is invented for it`() {
        let html = renderer.render(consent("x", host: nil))
        #expect(html.contains("class=\"claim known\""))
        #expect(!html.contains("id=\"unverified\"") && !html.contains("Not verified"))
    }

    @Test func `a page without its optional parts shows nothing in their place`() {
        let html = renderer.render(SignInPage(client: nil, token: "t"))
        #expect(!html.contains("nil"))
        #expect(!html.contains("role=\"alert\""))
        #expect(html.contains("name=\"username\" type=\"text\" value=\"\""))
    }

    @Test func `the hand-off page has the link and the refresh, whole`() throws {
        let target = try #require(LinkTarget("http://127.0.0.1:9000/cb?code=a&state=b"))
        let html = renderer.render(HandOffPage(to: target))
        #expect(
            html.contains(
                "<meta http-equiv=\"refresh\" content=\"0; url=http://127.0.0.1:9000/cb?code=a&amp;state=b\">"))
        #expect(html.contains("id=\"continue\" href=\"http://127.0.0.1:9000/cb?code=a&amp;state=b\""))
    }

    @Test(arguments: [
        ("http://127.0.0.1:9000/cb?code=a", true), ("http://[::1]:9000/cb?code=a", true),
        ("http://localhost/cb?code=a", true), ("https://localhost:8443/cb?code=a", true),
        ("https://app.example/cb?code=a", false), ("http://localhost.evil.example/cb?code=a", false),
        ("cursor://localhost/cb?code=a", false),
    ])
    func `the hand-off to a program on this computer warns of sharing the next address`(
        address: String, isTold: Bool
    ) throws {
        let html = renderer.render(HandOffPage(to: try #require(LinkTarget(address))))
        #expect(html.contains("id=\"keep\"") == isTold)
    }

    @Test func `the hand-off to a private-use scheme waits for a click`() throws {
        let target = try #require(LinkTarget("cursor://anysphere.cursor-mcp/oauth/callback?code=a"))
        let html = renderer.render(HandOffPage(to: target))
        #expect(!html.contains("http-equiv"))
        #expect(html.contains("id=\"continue\" href=\"cursor://anysphere.cursor-mcp/oauth/callback?code=a\""))
        #expect(html.contains("<bdi>cursor:</bdi>"))
    }

    @Test func `the return page does not redirect by itself`() {
        let html = renderer.render(ReturnPage.sample)
        #expect(html.contains("id=\"continue\""))
        #expect(!html.contains("http-equiv"))
    }

    @Test func `pages need no script, no inline style and nothing from elsewhere`() {
        for page in Pages.all {
            let html = renderer.render(page.sample)
            for forbidden in ["<script", "<style", " style=", " onclick", "src="] {
                #expect(!html.contains(forbidden), "\(page.template): \(forbidden)")
            }
        }
    }

    @Test func `the MCP server's text appears inside its frame and nowhere else`() throws {
        let html = renderer.render(elicitation("From elsewhere", server: "Team Files"))
        let frame = try #require(html.range(of: "<section class=\"foreign\""))
        let end = try #require(html[frame.upperBound...].range(of: "</section>"))
        #expect(html[frame.lowerBound..<end.upperBound].contains("Text from <bdi>Team Files</bdi>, not from Gatehouse"))
        #expect(html[frame.lowerBound..<end.upperBound].contains("From elsewhere"))
        #expect(!html[..<frame.lowerBound].contains("From elsewhere"))
        #expect(!html[end.upperBound...].contains("From elsewhere"))
    }

    @Test func `the page of an elicitation names server, host, owner, client, its start, account and action`() {
        let html = renderer.render(ElicitationPage.sample)
        for text in [
            "Team Files", "files.example.org", "https://files.example.org/mcp", "Platform team, Example Org",
            "Quill Notes", "quill.example.com", "2026-11-21 08:15 UTC", "<bdi>Team Files</bdi> receives your answer",
            "ada",
            "Approve this deletion to go on.", "delete_folder", "Delete the folder Drafts with 12 files", "Folder",
            "/ada/Drafts", "&quot;path&quot;: &quot;/ada/Drafts&quot;", "2026-11-21 08:30 UTC",
        ] { #expect(html.contains(text), "\(text)") }
        #expect(html.contains("name=\"decision\" value=\"approve\""))
        #expect(html.contains("name=\"decision\" value=\"decline\""))
        #expect(html.contains("action=\"/e/sample\""))
    }

    @Test func `the page for another account reveals nothing of the request`() {
        let html = renderer.render(WrongAccountPage(account: "bob", token: "t"))
        #expect(html.contains("<main id=\"other-account-page\"") && html.contains("<bdi>bob</bdi>"))
        #expect(html.contains("name=\"password\""))
    }

    @Test func `arguments are shown completely, line by line, with escapes for invisible characters`() {
        let shown = PlainText(
            code: IndentedJSON.text(["a": "x  y\u{202E}\n", "b": ["c": [1, true, .null], "d": [:]], "e": []]))
        #expect(
            shown.description == """
                {
                  "a": "x  y\\u{202e}\\n",
                  "b": {
                    "c": [
                      1,
                      true,
                      null
                    ],
                    "d": {}
                  },
                  "e": []
                }
                """)
    }

    @Test func `an issuer with a path finds its stylesheet and its forms below it`() throws {
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates, base: "/t1")
        let html = renderer.render(SignInPage.sample)
        #expect(html.contains("href=\"/t1/assets/gatehouse.css\""))
        #expect(html.contains("action=\"/t1/sign-in\""))
    }

    private func consent(_ text: String, host: String? = "h") -> ConsentPage {
        ConsentPage(
            client: PageClient(name: text, host == nil ? .registered : .document(host: text)),
            destination: ConsentPage.Destination(host: text, isLoopback: true, isLoopbackOnly: false),
            resource: ConsentPage.Resource(name: text, identifier: text, owner: text),
            scopes: [choice(text)], newScopes: [choice(text)],
            lifetimes: [
                ConsentPage.LifetimeChoice(
                    value: text, label: PlainText(text), detail: PlainText(text), isChosen: true)
            ],
            account: text,
            replacements: [.init(session: text, since: text, place: text, isTicked: true)], token: text,
            problem: PlainText(text))
    }

    private func choice(_ text: String) -> ConsentPage.ScopeChoice {
        ConsentPage.ScopeChoice(
            value: text, description: text, tools: [text],
            included: [ConsentPage.IncludedScope(value: text, description: text, tools: [text])], isPartOf: [text])
    }

    private func elicitation(_ text: String, server: String? = nil) -> ElicitationPage {
        let name = server ?? text
        return ElicitationPage(
            server: .init(name: name, host: name, identifier: name, owner: name),
            client: .init(
                name: server == nil ? text : "Quill", server == nil ? .document(host: text) : .registered),
            since: "then", account: server == nil ? text : "ada", message: text,
            action: .init(
                name: text, summary: text, details: [.init(label: text, value: text)],
                arguments: [text.isEmpty ? "x" : text: .string(text)]),
            destination: .init(
                host: server == nil ? text : "pay.example", address: server == nil ? text : "https://pay.example/",
                isThere: false),
            secret: .init(fields(text)), until: "later", id: "pag", token: "t",
            problem: server == nil ? PlainText(text) : nil)
    }

    /// One field of each sort that a text can reach.
    private func fields(_ text: String) -> [ElicitationPage.Field] {
        let entries: [ElicitationPage.Field.Entry] = [
            .line(type: "text", mode: "text", value: PlainText(text)), .tick(isOn: true),
            .choice([.init("f2", place: 0, label: text, isChosen: true)], isMany: true),
        ]
        return entries.enumerated().map { place, entry in
            .init("f\(place)", label: text, explanation: text, isRequired: true, problem: text, entry: entry)
        }
    }

    /// The page without its text and without the values of attributes, read as a browser reads it: scalar by scalar.
    private func markup(_ html: String) -> String {
        var kept = String.UnicodeScalarView()
        var inTag = false
        var quote: Unicode.Scalar?
        for scalar in html.unicodeScalars {
            if let open = quote {
                if scalar == open { quote = nil }
                continue
            }
            if !inTag, scalar != "<" { continue }
            inTag = scalar != ">"
            if scalar == "\"" || scalar == "'" { quote = scalar }
            kept.append(scalar)
        }
        return String(kept)
    }
}
