import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Scopes that include others and name tools")
struct ImpliedScopeTests {
    /// `files:write` includes `files:list`, which includes `files:read`.
    private func widen(_ h: Harness) async throws {
        try await h.fixtures.setReach([
            "files:write": ("files:list", ["write_file", "delete_file"], nil),
            "files:list": ("files:read", ["list_files"], nil), "files:read": ("", ["read_file"], nil),
        ])
    }

    @Test func `a wide scope grants all that it includes, in session and token`()
        async throws
    {
        try await Harness.run { h in
            try await h.fixtures.setReach(["files:list": ("files:write", [], nil)])
            let tokens = try await h.tokens(scopes: ["files:list"], asking: "files:list")
            #expect(tokens.scope == "files:list files:write")
            #expect(try await h.sessions().map(\.scope.string) == ["files:list files:write"])
            #expect(try await h.introspect(tokens.access)["scope"] == "files:list files:write")
        }
    }

    @Test func `a request without scopes gets no on-request scope by inclusion`() async throws {
        try await Harness.run { h in
            try await h.fixtures.setReach(["files:list": ("files:write", ["write_file"], nil)])
            let page = try await h.consentPage(h.browser(), h.request(["scope": nil]))
            #expect(page.text.contains("Read your files"))
            #expect(!page.text.contains("List your files") && !page.text.contains("write_file"))
        }
    }

    @Test func `the page shows included scopes and tools, and checkboxes only for requested scopes`()
        async throws
    {
        try await Harness.run { h in
            try await widen(h)
            let page = try await h.consentPage(h.browser(), h.request(["scope": "files:write"]))
            for words in ["Change your files", "List your files", "Read your files", "class=\"included\""] {
                #expect(page.text.contains(words), "\(words)")
            }
            for tool in ["write_file", "delete_file", "list_files", "read_file"] {
                #expect(page.text.contains("<code><bdi>\(tool)</bdi></code>"), "\(tool)")
            }
            #expect(page.text.contains("name=\"scope\" value=\"files:write\""))
            #expect(!page.text.contains("name=\"scope\" value=\"files:read\""))
            #expect(!page.text.contains("reach-name part"))
        }
    }

    @Test func `a requested narrow scope can be granted alone, and is granted with the wide one`()
        async throws
    {
        try await Harness.run { h in
            try await widen(h)
            let asked = "files:read files:write"
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": asked]))
            #expect(page.text.contains("name=\"scope\" value=\"files:read\""))
            #expect(page.text.contains("reach-name part"))
            #expect(page.text.ranges(of: "<bdi>read_file</bdi>").count == 1, "named once")
            let narrow = try await h.tokens(browser, scopes: ["files:read"], asking: asked)
            #expect(narrow.scope == "files:read")
            let wide = try await h.tokens(browser, scopes: ["files:write"], asking: asked)
            #expect(wide.scope == "files:write files:list files:read")
        }
    }

    @Test func `a scope that the page does not offer is not granted`() async throws {
        try await Harness.run { h in
            try await widen(h)
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:list"]))
            let answer = try await h.decide(browser, at: page, scopes: ["files:write", "files:read"])
            #expect(answer.status == .badRequest)
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a refresh with the wide scope keeps all that it includes, and never gets more than approved`()
        async throws
    {
        try await Harness.run { h in
            try await widen(h)
            var tokens = try await h.tokens(scopes: ["files:list"], asking: "files:list")
            for (asked, expected) in [
                ("files:list", "files:list files:read"), ("files:read", "files:read"),
                ("files:write files:read", "files:read"),
            ] {
                tokens = try await h.refresh(tokens.refresh, ["scope": asked]).tokens
                #expect(tokens.scope == expected, "\(asked)")
            }
            // What includes a granted scope was not granted itself.
            #expect(try await h.refresh(tokens.refresh, ["scope": "files:write"]).error == "invalid_scope")
            #expect(try await h.sessions().map(\.scope.string) == ["files:list files:read"])
        }
    }

    @Test func `a change of an operator after the approval changes no session`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            try await h.fixtures.setReach(["files:read": ("files:write", [], nil)])
            let next = try await h.refresh(tokens.refresh, ["scope": "files:read"]).tokens
            #expect(next.scope == "files:read")
            let later = try await h.refresh(next.refresh).tokens
            #expect(later.scope == "files:read")
        }
    }

    @Test func `an inclusion that an operator adds while the page is open is not approved`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            try await h.fixtures.setReach(["files:read": ("files:write files:list", [], nil)])
            _ = try await h.decide(browser, at: page, scopes: ["files:read"])
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }

    @Test func `a step-up compares all that is allowed: nothing is called new that a wider one included`()
        async throws
    {
        try await Harness.run { h in
            try await widen(h)
            let browser = h.browser()
            _ = try await h.tokens(browser, scopes: ["files:write"], asking: "files:write")
            let same = try await h.consentPage(browser, h.request(["scope": "files:read files:list"]))
            #expect(same.element("new-permissions") == nil)
            let earlier = try #require(same.inputs("replace").first)
            #expect(!same.isTicked("replace", earlier), "a narrower one replaces nothing by itself")
        }
    }

    @Test func `a scope that includes more than the granted ones is shown as new`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser, scopes: ["files:list"], asking: "files:list")
            try await h.fixtures.setReach(["files:list": ("files:write", [], nil)])
            let page = try await h.consentPage(browser, h.request(["scope": "files:list"]))
            #expect(page.element("permissions") != nil && page.element("granted") == nil)
            #expect(page.isTicked("replace", try #require(page.inputs("replace").first)))
        }
    }
}
