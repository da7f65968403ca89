import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Scopes that only some groups may have")
struct ScopeAccessTests {
    private static let both = ["files:read", "files:write"]

    /// Tokens with both scopes, of a user in the group that may write.
    private func tokens(_ h: Harness, _ browser: TestBrowser) async throws -> Tokens {
        try await h.addGroup("editors")
        try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "editors")]))
        return try await h.tokens(browser, scopes: Self.both, asking: "files:read files:write")
    }

    private func leave(_ h: Harness) async throws {
        try await h.administer(.groups(.members(user: "ada", remove: ["editors"])))
    }

    @Test func `losing the group takes the scope out of the next token and of every introspection at once`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await tokens(h, h.browser())
            #expect(tokens.scope == "files:read files:write")
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read files:write")
            try await leave(h)
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read")
            let next = try await h.refresh(tokens.refresh).tokens
            #expect(next.scope == "files:read")
            #expect(try await h.introspect(next.access)["scope"] == "files:read")
            // The session itself goes on with what was approved.
            let session = try #require(try await h.sessions().first)
            #expect(session.state == .active && session.scope.string == "files:read files:write")
            #expect(try await h.records(.sessionEnded).isEmpty)
            try await h.administer(.groups(.members(user: "ada", add: ["editors"])))
            #expect(try await h.refresh(next.refresh).tokens.scope == "files:read files:write")
        }
    }

    @Test func `a refresh that names the withdrawn scope gets the others`() async throws {
        try await Harness.run { h in
            let tokens = try await tokens(h, h.browser())
            try await leave(h)
            let answer = try await h.refresh(tokens.refresh, ["scope": "files:read files:write"])
            #expect(answer.status == .ok && answer.tokens.scope == "files:read")
            let alone = try await h.refresh(answer.tokens.refresh, ["scope": "files:write"])
            #expect(alone.status == .ok && alone.tokens.scope == "", "\(alone.text)")
        }
    }

    @Test func `an action that needs the withdrawn scope is denied, also in an open job`() async throws {
        try await Harness.run { h in
            try await h.list()
            let tokens = try await tokens(h, h.browser())
            let job = try await h.openJob(tokens.access, ["actions": ["files.purge"]]).json["id"]?.string ?? ""
            for (type, id) in [("access_token", tokens.access), ("job", job)] {
                #expect(try await h.evaluate(type, id, "files.purge").json["decision"] == true)
            }
            try await leave(h)
            for (type, id) in [("access_token", tokens.access), ("job", job)] {
                let answer = try await h.evaluate(type, id, "files.purge").json
                #expect(answer["decision"] == false)
                #expect(answer["context"]?.object?["reason"] == "insufficient_scope")
            }
            #expect(try await h.openJob(tokens.access, ["actions": ["files.purge"]]).error == "access_denied")
        }
    }

    @Test func `the account page shows what is left`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await tokens(h, browser)
            #expect(try await h.account(browser).text.contains("Change your files"))
            try await leave(h)
            let page = try await h.account(browser)
            #expect(page.text.contains("Read your files") && !page.text.contains("Change your files"))
        }
    }

    @Test func `the consent page offers no scope that the user may not have, and a form cannot add it`() async throws {
        try await Harness.run { h in
            try await h.addGroup("editors", with: [])
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "editors")]))
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request(["scope": "files:read files:write"]))
            #expect(page.inputs("scope") == ["files:read"])
            _ = try await h.decide(browser, at: page, scopes: Self.both)
            #expect(try await h.sessions().map(\.scope.string) == ["files:read"])
        }
    }

    @Test func `the consent page names the requested scopes that it leaves out, and no others`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            func leftOut(_ scope: String) async throws -> Substring? {
                let text = try await h.consentPage(browser, h.request(["scope": scope])).text
                return text.firstMatch(of: /(?s)id="left-out"(.*?)<\/ul>/)?.1
            }
            #expect(try await leftOut("files:read files:write") == nil)
            try await h.addGroup("editors", with: [])
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "editors")]))
            #expect(try await leftOut("files:read") == nil, "nobody asked for more")
            let said = try #require(try await leftOut("files:read files:write"))
            #expect(said.contains("Change your files") && !said.contains("Read your files"))
        }
    }

    @Test func `a request for withheld scopes alone meets the page that names the owner`() async throws {
        try await Harness.run { h in
            try await h.addGroup("editors", with: [])
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "editors")]))
            let page = try await h.consentPage(h.browser(), h.request(["scope": "files:write"]))
            #expect(page.isPage("no-access") && page.text.contains("what the app requests"))
            #expect(try await h.records(.accessRefused).first?.reason?.contains("none of the requested scopes") == true)
        }
    }

    @Test func `a wider scope is replaced by the parts that the user may have`() async throws {
        try await Harness.run { h in
            try await h.administer(
                .resources(
                    .policy(
                        h.resource.id.string,
                        PolicyChange(
                            reach: ScopeChanges(implies: [
                                .init(scope: "files:write", value: "files:list"),
                                .init(scope: "files:write", value: "files:read"),
                            ])))))
            try await h.addGroup("listers", with: [])
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:list", value: "listers")]))
            let page = try await h.consentPage(h.browser(), h.request(["scope": "files:write"]))
            #expect(page.inputs("scope") == ["files:read"], "\(page.text)")
        }
    }

    @Test func `a scope whose only group was removed is nobody's until the rule is cleared`() async throws {
        try await Harness.run { h in
            let tokens = try await tokens(h, h.browser())
            try await h.administer(.groups(.remove(name: "editors")))
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read")
            try await h.addGroup("editors")
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read", "another group of the same name")
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "")]))
            #expect(try await h.introspect(tokens.access)["scope"] == "files:read files:write")
        }
    }
}
