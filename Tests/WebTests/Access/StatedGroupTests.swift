import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Groups that an identity provider states")
struct StatedGroupTests {
    private static func corp() throws -> GroupSource { try GroupSource(provider: ProviderName("corp")) }

    /// What a sign-in with the identity provider does in its transaction.
    private func state(_ claims: [String], in h: Harness) async throws {
        let standing = h.gatehouse.consent.standing
        try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
            try $0.groups.replace(claims, of: user, from: Self.corp(), now: now)
            try standing.endSessionsWithoutAccess(of: user, in: $0, now: now)
        }
    }

    @Test func `a new statement without the group ends the sessions that rest on it, at once`() async throws {
        try await Harness.run { h in
            _ = try await h.poll()
            let other = try await h.addServer("https://other.example/mcp")
            let browser = h.browser()
            let elsewhere = try await h.redeem(
                h.code(browser, ["resource": other.resource.identifier.string, "scope": nil], scopes: [])
            ).tokens
            try await Listed.freshGroup.apply(to: h)
            let tokens = try await h.tokens(browser)
            try await state(["Engineering", "Everybody"], in: h)
            #expect(try await h.records(.sessionEnded).isEmpty)
            try await state(["Everybody"], in: h)
            let records = try await h.records(.sessionEnded)
            #expect(records.map(\.reason) == ["access_lost"] && records.map(\.resource) == [h.resource.id])
            #expect(try await h.endEvents() == 1)
            #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
            #expect(try await h.refresh(elsewhere.refresh).status == .ok)
        }
    }

    @Test func `a statement keeps a session alive for as long as groups may be old, and no longer`() async throws {
        try await Harness.run { h in
            try await Listed.freshGroup.apply(to: h)
            try await state(["Engineering"], in: h)
            try await h.changeAccess(AccessChange(groupAge: "2h"))
            let tokens = try await h.tokens()
            h.clock.advance(by: 7_199)
            let next = try await h.refresh(tokens.refresh)
            #expect(next.status == .ok)
            h.clock.advance(by: 1)
            #expect(try await h.refresh(next.tokens.refresh).error == "invalid_grant")
            #expect(try await h.sessions().map(\.endReason) == [.groupsOutdated])
            #expect(try await h.records(.sessionEnded).map(\.reason) == ["groups_outdated"])
        }
    }

    @Test func `a user who is listed by name as well needs no new statement`() async throws {
        try await Harness.run { h in
            try await Listed.outdatedGroup.apply(to: h)
            try await h.changeAccess(AccessChange(users: ["ada"]))
            let tokens = try await h.tokens()
            #expect(try await h.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a scope of an outdated group is missing, and the session goes on`() async throws {
        try await Harness.run { h in
            try await Listed.everybody.apply(to: h)
            try await state(["Engineering"], in: h)
            try await h.changeAccess(AccessChange(scopeGroups: [.init(scope: "files:write", value: "corp-eng")]))
            let tokens = try await h.tokens(
                scopes: ["files:read", "files:write"], lifetime: "30d", asking: "files:read files:write")
            #expect(tokens.scope == "files:read files:write")
            h.clock.advance(by: 86_400)
            let next = try await h.refresh(tokens.refresh).tokens
            #expect(next.scope == "files:read")
            #expect(try await h.sessions().map(\.state) == [.active])
        }
    }

    @Test func `the group of one provider is not filled by another one`() async throws {
        try await Harness.run { h in
            try await Listed.notListed.apply(to: h)
            try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
                try $0.groups.replace(
                    ["Engineering", "corp-eng", "eng"], of: user, from: GroupSource(provider: ProviderName("guests")),
                    now: now)
            }
            #expect(try await h.consentPage(h.browser(), h.request()).isPage("no-access"))
        }
    }
}
