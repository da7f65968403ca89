import AuthorizationServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The consent page")
struct ConsentTests {
    @Test func `a site that opens many requests cannot prevent the user from opening another`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let first = try await h.consentPage(browser, h.request())
            for _ in 0..<Interaction.mostOpen { _ = try await h.authorize(browser, h.request()) }
            let own = try await h.consentPage(browser, h.request())
            #expect(try await h.decide(browser, at: own).continuation?.contains("code=") == true)
            let late = try await h.decide(browser, at: first)
            #expect(late.status == .forbidden && late.continuation == nil)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `the page names client, place, MCP server, owner, scopes and account`() async throws {
        try await Harness.run { h in
            let page = try await h.consentPage(h.browser(), h.request(["scope": "files:read files:write"]))
            for text in [
                "Quill Notes", "app.example", "Team Files", "https://files.example/mcp", "Platform team",
                "Read your files",
                "Change your files", "ada", "12 hours",
            ] {
                #expect(page.text.contains(text), "\(text)")
            }
        }
    }

    @Test func `a decision needs the page's token from the same browser and user`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let token = try #require(page.input("token"))
            let other = try await h.consentPage(browser, h.request())
            let forged = String(token.prefix { $0 != "." }) + (other.input("token") ?? "").drop { $0 != "." }
            for wrong in ["", forged, String(token.dropLast()), "int_AAAAAAAAAAAAAAAAAAAAAA." + Random.token()] {
                let form = [("token", wrong), ("decision", "approve"), ("scope", "files:read"), ("lifetime", "12h")]
                #expect(try await browser.post("/consent", form).status == .forbidden)
            }
            let stranger = h.browser()
            #expect(try await h.decide(stranger, at: page).status == .forbidden)
            _ = try await h.consentPage(stranger, h.request())
            #expect(try await h.decide(stranger, at: page).status == .forbidden)
            #expect(try await h.sessions().isEmpty)
            #expect(try await h.decide(browser, at: page).continuation != nil)
        }
    }

    @Test func `a page that was opened twice can be answered from the first copy`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let answer = try await h.authorize(browser, h.request())
            let location = try #require(try await h.signIn(browser, at: answer).headers[.location])
            let path = String(location.dropFirst("http://localhost".count))
            let first = try await browser.get(path)
            _ = try await browser.get(path)
            #expect(try await h.decide(browser, at: first).continuation?.contains("code=") == true)
        }
    }

    @Test func `a double submit shows the same answer while the code lives, and "already finished" later`() async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let first = try await h.decide(browser, at: page)
            let second = try await h.decide(browser, at: page)
            #expect(first.continuation != nil)
            #expect(second.continuation == first.continuation)
            #expect(try await h.sessions().count == 1)
            h.clock.advance(by: 60)
            let late = try await h.decide(browser, at: page)
            #expect(late.continuation == nil)
            #expect(late.isPage("finished"))
        }
    }

    @Test func `a hundred parallel approvals make one session and one code`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let answers = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<100 { group.addTask { try await h.decide(browser, at: page).continuation } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers).count == 1)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `a denial returns access_denied and creates nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            let answer = try await h.decide(browser, at: page, "deny")
            let query = FormText.decode(queryOf: answer.continuation ?? "")
            #expect(answer.status == .ok)
            #expect(query["error"] == ["access_denied"])
            #expect(query["state"] == ["xyz"])
            #expect(query["iss"] == ["http://localhost"])
            #expect(try await h.sessions().isEmpty)
            let second = try await h.decide(browser, at: page)
            #expect(second.continuation == answer.continuation)
            #expect(try await h.sessions().isEmpty)
            try await h.letAnHourPass(browser)
            #expect(try await h.decide(browser, at: page, "deny").status == .conflict)
        }
    }

    @Test func `unticked scopes are not granted, and at least one must be ticked`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            let none = try await h.decide(browser, at: page, scopes: [])
            #expect(none.status == .badRequest)
            #expect(none.element("problem") != nil)
            let invented = try await h.decide(browser, at: page, scopes: ["files:list", "admin"])
            #expect(invented.status == .badRequest)
            #expect(try await h.sessions().isEmpty)
            _ = try await h.decide(browser, at: page, scopes: ["files:write"])
            #expect(try await h.sessions().map(\.scope.string) == ["files:write"])
        }
    }

    @Test func `the lifetime is one of the choices, and counts from the approval`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            for wrong in ["", "99d", "12", "43200"] {
                #expect(try await h.decide(browser, at: page, lifetime: wrong).status == .badRequest)
            }
            let approved = h.clock.now
            _ = try await h.decide(browser, at: page, lifetime: "30d")
            #expect(try await h.sessions().map { $0.expiresAt - approved } == [30 * 86_400])
        }
    }

    @Test func `an unknown decision decides nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            for wrong in ["", "APPROVE", "yes", "approve "] {
                #expect(try await h.decide(browser, at: page, wrong).status == .badRequest)
            }
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a wider request shows new scopes separately, and replaces the earlier session if selected`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let first = try await h.tokens(browser)
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            let old = try #require(page.text.range(of: "Read your files"))
            let new = try #require(page.text.range(of: "Change your files"))
            let mark = try #require(page.text.range(of: "id=\"new-permissions\""))
            #expect(old.lowerBound < mark.lowerBound && mark.lowerBound < new.lowerBound)
            #expect(page.isTicked("replace", try #require(page.inputs("replace").first)))
            let wider = try await h.tokens(
                browser, scopes: ["files:read", "files:write"], asking: "files:read files:write",
                more: [("replace", "yes")])
            #expect(try await h.refresh(first.refresh).error == "invalid_grant")
            #expect(try await h.refresh(wider.refresh).status == .ok)
        }
    }

    @Test func `the earlier session lives until the new code is redeemed, and untouched when not to be replaced`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            let first = try await h.tokens(browser)
            _ = try await h.code(browser, more: [("replace", "yes")])
            let alive = try await h.refresh(first.refresh).tokens
            #expect(alive.refresh != nil)
            _ = try await h.tokens(browser)
            #expect(try await h.refresh(alive.refresh).status == .ok)
        }
    }

    @Test func `a user who is disabled while the page is open can approve nothing`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                _ = try $0.users.setDisabled(now, user)
            }
            #expect(try await h.decide(browser, at: page).continuation == nil)
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `every page refuses to be framed, cached or scripted`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let pages = [
                try await h.authorize(browser, h.request()), try await h.consentPage(browser, h.request()),
                try await h.authorize(browser, h.request(["client_id": "nobody"])), try await browser.get("/nothing"),
            ]
            for page in pages {
                let policy = page.headers[HTTPField.Name("content-security-policy") ?? .accept] ?? ""
                #expect(policy.contains("frame-ancestors 'none'"))
                #expect(policy.contains("form-action 'self'"))
                #expect(!policy.contains("unsafe"))
                #expect(page.headers[.cacheControl]?.contains("no-store") == true)
                #expect(!page.text.contains("<script"))
            }
        }
    }
}
