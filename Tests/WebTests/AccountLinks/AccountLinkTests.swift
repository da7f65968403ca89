import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import Web

@Suite("Invitations and resets")
struct AccountLinkTests {
    @Test func `an invited user sets a password with the link and signs in with it`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace", email: "grace@example.org")
            let browser = h.browser()
            let page = try await browser.get(link)
            #expect(page.status == .ok && page.isPage("account-link") && page.text.contains("grace"))
            let done = try await h.links.take(link, in: browser)
            #expect(done.status == .ok && done.isPage("password-set"))
            #expect(browser.cookies["gatehouse"] == nil, "the link signs nobody in")
            #expect(try await h.links.canSignIn("grace", AccountLinkSteps.chosen))
            let records = try await h.records(.accountLinkUsed)
            #expect(records.count == 1 && records.first?.reason == "invitation")
            let user = try #require(try await h.gatehouse.store.read { try $0.users.find(named: "grace") })
            #expect(records.first?.actor == .person(user.id) && user.email == "grace@example.org")
            #expect(try await h.records(.userInvited).map(\.user) == [user.id])
            #expect(try await h.records(.userAdded).map(\.user) == [user.id])
        }
    }

    @Test func `an invited user without a password cannot sign in, with an empty one neither`() async throws {
        try await Harness.run { h in
            _ = try await h.links.invite("grace")
            for password in ["", " ", AccountLinkSteps.chosen] {
                #expect(try await !h.links.canSignIn("grace", password))
            }
        }
    }

    @Test func `a reset invalidates the password and every browser login at once, and the link sets a new one`()
        async throws
    {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let browser = h.browser()
            _ = try await h.account(browser)
            let link = try await h.links.reset("ada")
            #expect(try await browser.get("/account").input("interaction") != nil)
            #expect(try await h.browserLogins() == 0)
            #expect(try await h.password() == nil)
            #expect(try await !h.links.canSignIn("ada", Harness.password))
            #expect(try await h.introspect(tokens.access)["active"] == true, "sessions continue unless asked otherwise")
            #expect(try await browser.get(link).text.contains("reset the password"))
            #expect(try await h.links.take(link).isPage("password-set"))
            #expect(try await h.links.canSignIn("ada", AccountLinkSteps.chosen))
            #expect(try await !h.links.canSignIn("ada", Harness.password))
            #expect(try await h.records(.userReset).map(\.user) == [h.user.id])
        }
    }

    @Test func `a reset unlinks accounts at identity providers on request, and else names them`() async throws {
        try await Harness.run { h in
            let identity = UpstreamIdentity(
                issuer: try OpenIDIssuer("https://id.example"), subject: "mallory", userID: h.user.id,
                provider: try ProviderName("corp"), name: nil, email: nil, createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.upstreamIdentities.record(identity) }
            func linked() async throws -> Int {
                try await h.gatehouse.store.read { [id = h.user.id] in try $0.upstreamIdentities.list(of: id).count }
            }
            let kept = try await h.administer(.users(.links(.reset(name: "ada"))))
            #expect(kept.warning?.contains("corp") == true)
            #expect(try await linked() == 1)
            let unlinked = try await h.administer(.users(.links(.reset(name: "ada", unlinksAccounts: true))))
            #expect(unlinked.warning == nil)
            #expect(try await linked() == 0)
            #expect(try await h.records(.identityUnlinked).map(\.user) == [h.user.id])
        }
    }

    @Test func `where passwords are off, no link sets one`() async throws {
        let adjust: @Sendable (inout Settings) -> Void = { $0.signIn = Settings.SignIn(password: false) }
        try await Harness.run(adjust: adjust) { h in
            let link = try await h.links.invite("grace")
            #expect(try await h.browser().get(link).status == .notFound)
            #expect(try await h.links.take(link).status == .notFound)
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
        }
    }

    @Test func `a reset revokes the user's sessions on request, and nobody else's`() async throws {
        try await Harness.run { h in
            let tokens = try await h.tokens()
            let foreign = try await h.fixtures.insertSession(h.addUser("bob"))
            _ = try await h.links.reset("ada", revokesSessions: true)
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await h.stored(foreign)?.state == .active)
            #expect(try await h.records(.sessionEnded).count == 1)
        }
    }

    @Test func `an invitation is for a new name, and for an enabled account`() async throws {
        try await Harness.run { h in
            await #expect(throws: AdministrationError.self) { try await h.links.invite("ada") }
            _ = try await h.links.invite("grace")
            try await h.administer(.users(.disable(name: "grace")))
            for request in [AccountLinkRequest.invite(name: "grace", email: nil), .reset(name: "grace")] {
                await #expect(throws: AdministrationError.self) { try await h.administer(.users(.links(request))) }
            }
            await #expect(throws: AdministrationError.self) { try await h.links.reset("nobody") }
            let only = AccountLinkRequest.invite(name: "ADA", email: nil, isNew: true)
            await #expect(throws: AdministrationError.self) { try await h.administer(.users(.links(only))) }
            #expect(try await h.records(.userInvited).count == 1)
            #expect(try await h.records(.userReset).isEmpty)
            #expect(try await h.password()?.data == h.credential.data)
        }
    }

    @Test func `an invitation never adopts an account that exists already, with or without a password`() async throws {
        try await Harness.run { h in
            let stranger = User(name: "grace", createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.users.insert(stranger) }
            for name in ["grace", "ada"] {
                await #expect(throws: AdministrationError.self) {
                    try await h.links.invite(name, email: "x@example.org")
                }
            }
            _ = try await h.links.reset("ada")
            await #expect(throws: AdministrationError.self) { try await h.links.invite("ada") }
            #expect(try await h.records(.userInvited).isEmpty)
            let user = try await h.gatehouse.store.read { try $0.users.find(named: "grace") }
            #expect(user == stranger)
        }
    }

    @Test func `a second invitation corrects the address of the account`() async throws {
        try await Harness.run { h in
            _ = try await h.links.invite("grace", email: "grcae@example.org")
            _ = try await h.links.invite("Grace", email: "grace@example.org")
            let user = try await h.gatehouse.store.read { try $0.users.find(named: "grace") }
            #expect(user?.name == "grace" && user?.email == "grace@example.org")
            #expect(try await h.records(.userAdded).count == 1)
        }
    }

    @Test func `an invitation puts the user into groups, and an unknown group leaves no account`() async throws {
        try await Harness.run { h in
            try await h.administer(.groups(.add(name: "eng")))
            let unknown = AccountLinkRequest.invite(name: "grace", email: nil, groups: ["eng", "nothing"])
            await #expect(throws: AdministrationError.self) { try await h.administer(.users(.links(unknown))) }
            #expect(try await h.gatehouse.store.read { try $0.users.find(named: "grace") } == nil)
            try await h.administer(.users(.links(.invite(name: "grace", email: nil, groups: ["eng"]))))
            let groups = try await h.gatehouse.store.read { transaction in
                let user = try #require(try transaction.users.find(named: "grace"))
                return try transaction.groups.memberships(of: user.id).map(\.group.name)
            }
            #expect(groups == ["eng"])
        }
    }

    @Test func `the list of users shows who has not taken a link yet`() async throws {
        try await Harness.run { h in
            func state(_ name: String) async throws -> [JSON?] {
                let rows = try await h.administer(.users(.list())).rows
                let row = rows.first { $0["name"]?.string == name }
                return [row?["state"], row?["link_expires_at"]]
            }
            let expiry = JSON.string((h.clock.now + 86_400).rfc3339)
            let link = try await h.links.invite("grace")
            #expect(try await state("grace") == ["invited", expiry])
            #expect(try await state("ada") == ["enabled", .null])
            _ = try await h.links.take(link)
            #expect(try await state("grace") == ["enabled", .null])
            _ = try await h.links.reset("ada")
            #expect(try await state("ada") == ["reset", expiry])
            try await h.administer(.users(.disable(name: "ada")))
            #expect(try await state("ada") == ["disabled", .null])
        }
    }

    @Test func `a problem of the password is shown in one sentence, and the link stays valid`() async throws {
        try await Harness.run { h in
            let link = try await h.links.invite("grace")
            let long = String(repeating: "a", count: 1_025)
            for (new, again, words) in [
                (AccountLinkSteps.chosen, "something else", "differ"), ("short", nil, "at least 8 characters"),
                ("", nil, "at least 8 characters"), (long, nil, "too long"), ("with a \u{7} bell", nil, "control"),
            ] {
                let answer = try await h.links.take(link, new, again: again)
                #expect(answer.status == .badRequest && answer.isPage("account-link"))
                #expect(answer.element("problem")?.contains(words) == true, "\(words)")
                if !new.isEmpty { #expect(!answer.text.contains(new)) }
            }
            #expect(try await h.links.stored(link: link)?.usedAt == nil)
            #expect(try await h.records(.accountLinkUsed).isEmpty)
            #expect(try await h.links.take(link).isPage("password-set"))
        }
    }
}
