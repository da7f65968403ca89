import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Users with and without access")
struct AccessFlowTests {
    private static let nobody = AccessChange(users: [])

    @Test func `only a client that the account approved before learns that the user has no access`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let open = try await h.consentPage(browser, h.request())
            let waiting = try await h.consentPage(browser, h.request())
            try await h.changeAccess(Self.nobody)
            // An operator registered this client, and that is not enough.
            let stranger = try await h.authorize(browser, h.request())
            #expect(stranger.isPage("no-access") && stranger.headers[.location] == nil)
            #expect(!stranger.text.contains(Harness.redirect) && stranger.continuation == nil)
            #expect(try await h.decide(browser, at: open).isPage("no-access"))
            try await h.changeAccess(AccessChange(allowsEverybody: true))
            _ = try await h.tokens(browser)
            try await h.changeAccess(Self.nobody)
            let known = try await h.authorize(browser, h.request())
            let location = try #require(known.headers[.location])
            #expect(location.hasPrefix(Harness.redirect) && !location.contains("code="))
            #expect(FormText.decode(queryOf: location)["error"] == ["access_denied"])
            #expect(FormText.decode(queryOf: location)["state"] == ["xyz"])
            let answer = try await h.decide(browser, at: waiting)
            #expect(answer.continuation?.contains("error=access_denied") == true)
            #expect(try await h.sessions().filter { $0.isLive(at: h.clock.now) }.isEmpty)
        }
    }

    @Test func `a user without access can still deny`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await h.changeAccess(Self.nobody)
            let answer = try await h.decide(browser, at: page, "deny")
            #expect(answer.continuation?.contains("error=access_denied") == true)
            #expect(try await h.records(.accessDenied).count == 1)
            #expect(try await h.records(.accessRefused).isEmpty)
        }
    }

    @Test func `outdated groups ask for a new sign-in first, which may bring new ones`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            try await Listed.outdatedGroup.apply(to: h)
            let prompt = try await h.authorize(browser, h.request())
            #expect(prompt.isPage("sign-in") && prompt.status == .ok)
            try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                try $0.groups.replace(
                    ["Engineering"], of: user, from: GroupSource(provider: ProviderName("corp")), now: now)
            }
            let moved = try await h.follow(browser, h.signIn(browser, at: prompt))
            #expect(moved.isPage("consent"))
        }
    }

    @Test func `a user who requests again and again leaves a bounded number of records`() async throws {
        try await Harness.run { h in
            try await h.changeAccess(Self.nobody)
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            for _ in 0..<20 { #expect(try await h.authorize(browser, h.request()).isPage("no-access")) }
            #expect(try await h.records(.accessRefused).count == 10)
        }
    }

    @Test func `the record of an approval says which part of the rule let the user in`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let plain = try #require(try await h.records(.sessionApproved).first)
            #expect(plain.reason == nil && plain.changes.map(\.field) == ["scope", "lifetime"])
            #expect(plain.changes.allSatisfy { $0.from == nil && $0.to?.isEmpty == false })
            try await h.changeAccess(AccessChange(users: ["ada"]))
            _ = try await h.tokens(browser)
            #expect(try await h.records(.sessionApproved).first?.reason == "access rule: the user")
            try await h.addGroup("eng")
            try await h.changeAccess(AccessChange(groups: ["eng"], users: []))
            _ = try await h.tokens(browser)
            let record = try #require(try await h.records(.sessionApproved).first)
            #expect(record.reason == "access rule: a group" && record.explanation == "group eng (local)")
        }
    }

    @Test func `a rule ends the sessions of those it leaves out, and of nobody else`() async throws {
        try await Harness.run { h in
            _ = try await h.poll()
            let mine = try await h.tokens()
            _ = try await h.addUser("bob")
            let browser = h.browser()
            _ = try await h.signIn(browser, at: h.authorize(browser, h.request()), as: "bob")
            let other = try await h.tokens(browser)
            let service = try await h.addService()
            _ = try await h.serve(service)
            let answer = try await h.changeAccess(AccessChange(users: ["bob"]))
            #expect(answer.note?.contains("1 session") == true && answer.rows.first?["sessions_ended"] == 1)
            #expect(try await h.refresh(mine.refresh).error == "invalid_grant")
            #expect(try await h.refresh(other.refresh).status == .ok)
            #expect(try await h.serviceSessions().allSatisfy { $0.state == .active })
            let ended = try await h.sessions().filter { $0.state == .ended }
            #expect(ended.map(\.endReason) == [.accessLost] && ended.map(\.endedBy) == [.admin])
            #expect(try await h.endEvents() == 1)
            #expect(try await h.changeAccess(AccessChange(users: ["bob"])).note == nil, "it ends once")
        }
    }

    @Test func `leaving a group ends sessions only where no other part of the rule lets the user in`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp")
            let browser = h.browser()
            _ = try await h.tokens(browser)
            let elsewhere = try await h.redeem(
                h.code(browser, ["resource": other.resource.identifier.string, "scope": nil], scopes: [])
            ).tokens
            try await h.addGroup("eng")
            try await h.addGroup("ops")
            try await h.changeAccess(AccessChange(groups: ["eng", "ops"]))
            try await h.administer(
                .resources(.policy(other.resource.id.string, PolicyChange(access: AccessChange(groups: ["eng"])))))
            #expect(try await h.records(.sessionEnded).isEmpty)
            try await h.administer(.groups(.members(user: "ada", remove: ["eng"])))
            let ended = try await h.records(.sessionEnded)
            #expect(ended.map(\.resource) == [other.resource.id] && ended.first?.reason == "access_lost")
            #expect(try await h.refresh(elsewhere.refresh).error == "invalid_grant")
            try await h.administer(.groups(.members(user: "ada", remove: ["ops"])))
            #expect(try await h.records(.sessionEnded).count == 2)
        }
    }

    @Test func `leaving a group that the identity provider states as well ends nothing`() async throws {
        try await Harness.run { h in
            try await Listed.freshGroup.apply(to: h)
            _ = try await h.tokens()
            try await h.administer(.groups(.members(user: "ada", add: ["corp-eng"])))
            try await h.administer(.groups(.members(user: "ada", remove: ["corp-eng"])))
            #expect(try await h.records(.sessionEnded).isEmpty)
            #expect(try await h.sessions().map(\.state) == [.active])
        }
    }

    @Test func `removing a group ends the sessions of its members and tells which rules admit nobody now`() async throws
    {
        try await Harness.run { h in
            try await h.addGroup("eng")
            try await h.changeAccess(AccessChange(groups: ["eng"]))
            let tokens = try await h.tokens()
            let answer = try await h.administer(.groups(.remove(name: "eng")))
            #expect(answer.note?.contains("1 session") == true && answer.warning?.contains("admits nobody") == true)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            try await h.addGroup("eng")
            let page = try await h.consentPage(h.browser(), h.request())
            #expect(!page.isPage("consent"), "another group of the same name is on no list")
        }
    }

    @Test func `a disabled user has no access whatever the rule says, and gets it back`() async throws {
        try await Harness.run { h in
            try await h.changeAccess(AccessChange(users: ["ada"]))
            let tokens = try await h.tokens()
            try await h.gatehouse.store.write { [id = h.user.id, now = h.clock.now] in
                _ = try $0.users.setDisabled(now, id)
            }
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            let row = try await h.administer(.access(.show(user: "ada", resource: h.resource.id.string))).rows.first
            #expect(row?["access"] == false && row?["rule"] == "user")
            try await h.gatehouse.store.write { [id = h.user.id] in _ = try $0.users.setDisabled(nil, id) }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `access that comes back before the session is used loses nothing`() async throws {
        try await Harness.run { h in
            try await h.addGroup("eng")
            try await h.changeAccess(AccessChange(groups: ["eng"]))
            let tokens = try await h.tokens()
            let (user, resource) = (h.user.id, h.resource.id)
            let group = try await h.gatehouse.store.read { try $0.groups.find(named: "eng") }
            let id = try #require(group?.id)
            try await h.gatehouse.store.write { _ = try $0.groups.remove(user, from: id) }
            try await h.gatehouse.store.write { _ = try $0.groups.add(user, to: id) }
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            #expect(try await h.gatehouse.store.read { try $0.access.rule(at: resource, for: user).isRestricted })
        }
    }

    @Test func `of two uses at once after access was lost, both are refused and the session ends once`() async throws {
        try await Harness.run { h in
            _ = try await h.poll()
            let tokens = try await h.tokens()
            try await Listed.notListed.apply(to: h)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await h.refresh(tokens.refresh).error == "invalid_grant" }
                    group.addTask { try await h.introspect(tokens.access)["active"] == false }
                }
                for try await isRefused in group { #expect(isRefused) }
            }
            await eventually { try await h.records(.sessionEnded).count == 1 }
            #expect(try await h.endEvents() == 1)
        }
    }

    @Test func `an elicitation that is open when access is lost shows its end`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            let asked = try await h.askAnew(tokens.access, "one")
            let page = try await h.open(browser, asked)
            try await Listed.notListed.apply(to: h)
            let answer = try await h.press(browser, asked, "approve", at: page)
            #expect(answer.isPage("elicitation-end"), "\(answer.text)")
            #expect(try await h.stored(asked)?.status == .cancelled)
            #expect(try await h.sessions().map(\.endReason) == [.accessLost])
        }
    }

    @Test func `an introspection by another MCP server ends no session`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp")
            let tokens = try await h.tokens()
            try await Listed.notListed.apply(to: h)
            let answer = try await h.send(
                "/introspect", [("token", tokens.access)],
                basic: (other.resource.id.string, other.secret.reveal()))
            #expect(answer.text == #"{"active":false}"#)
            #expect(try await h.sessions().map(\.state) == [.active])
        }
    }
}
