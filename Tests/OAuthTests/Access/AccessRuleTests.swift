import OAuth
import Testing

@Suite("Access rules")
struct AccessRuleTests {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let local = GroupMembership(group: "eng", source: .local, learntAt: nil)

    private static func stated(_ age: Int64, _ group: String = "eng") throws -> GroupMembership {
        try GroupMembership(
            group: group, source: GroupSource(provider: ProviderName("corp")), learntAt: now - age)
    }

    private func rule(
        listsUser: Bool = false, _ memberships: [GroupMembership] = [], isRestricted: Bool = true
    ) -> AccessRule {
        var rule = AccessRule()
        rule.isRestricted = isRestricted
        rule.listsUser = listsUser
        rule.memberships = memberships
        return rule
    }

    @Test func `without a rule everybody has access, whatever else is listed`() throws {
        #expect(rule(isRestricted: false).decision(at: Self.now) == .everybody)
        #expect(rule([try Self.stated(99_999)], isRestricted: false).decision(at: Self.now) == .everybody)
    }

    @Test func `a rule that lists nobody admits nobody`() {
        #expect(rule().decision(at: Self.now) == .notListed)
        #expect(!rule().decision(at: Self.now).isAllowed)
    }

    @Test func `what cannot become outdated decides first`() throws {
        let outdated = try Self.stated(99_999)
        #expect(rule(listsUser: true, [outdated]).decision(at: Self.now) == .user)
        #expect(rule([outdated, Self.local]).decision(at: Self.now) == .group(Self.local))
        #expect(rule([Self.local, outdated]).decision(at: Self.now) == .group(Self.local))
    }

    @Test func `of several statements of identity providers the latest counts`() throws {
        let (old, new) = (try Self.stated(90_000), try Self.stated(10, "ops"))
        #expect(rule([old, new]).decision(at: Self.now) == .group(new))
        #expect(rule([new, old]).decision(at: Self.now) == .group(new))
    }

    @Test func `the groups of an identity provider count for less than their greatest age`() throws {
        let (fresh, late) = (try Self.stated(86_399), try Self.stated(86_400))
        #expect(rule([fresh]).decision(at: Self.now) == .group(fresh))
        #expect(rule([late]).decision(at: Self.now) == .outdated(late))
        var longer = rule([late])
        longer.groupAge = 86_401
        #expect(longer.decision(at: Self.now) == .group(late))
        // After the clock was set back, a statement lies in the future. It is not outdated.
        #expect(rule([try Self.stated(-60)]).decision(at: Self.now).isAllowed)
    }

    @Test func `a restricted scope is withheld unless a current group gives it`() throws {
        let (read, write) = (try Scope("files:read"), try Scope("files:write"))
        var rule = AccessRule()
        #expect(rule.withheld(at: Self.now).isEmpty)
        rule.restrictedScopes = [write: [], read: [Self.local]]
        #expect(rule.withheld(at: Self.now) == [write])
        rule.restrictedScopes[write] = [try Self.stated(86_400)]
        #expect(rule.withheld(at: Self.now) == [write], "an outdated group gives no scope")
        rule.restrictedScopes[write] = [try Self.stated(86_400), Self.local]
        #expect(rule.withheld(at: Self.now).isEmpty)
    }

    @Test func `a scope that includes a withheld one is withheld too, at any distance`() throws {
        let (all, write, delete, read) = (
            try Scope("files:all"), try Scope("files:write"), try Scope("files:delete"), try Scope("files:read")
        )
        var rule = AccessRule()
        rule.implications = ScopeImplications([all: [write], write: [delete, read]])
        rule.restrictedScopes = [delete: []]
        #expect(rule.withheld(at: Self.now) == [delete, write, all])
        rule.restrictedScopes = [all: []]
        #expect(rule.withheld(at: Self.now) == [all], "the narrower scopes stay")
    }

    @Test func `no identity provider can pass as the administrator`() throws {
        #expect(throws: OAuthValueError.self) { try GroupSource(provider: ProviderName("local")) }
        #expect(try !GroupSource(provider: ProviderName("corp")).isLocal)
        #expect(GroupSource(stored: "local").isLocal)
    }
}
