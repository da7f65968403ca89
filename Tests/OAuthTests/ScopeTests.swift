import OAuth
import Testing

@Suite("RFC 6749 §3.3 scopes")
struct ScopeTests {
    let catalogue = ScopeCatalogue(
        known: ScopeSet(["files:read", "files:write", "admin"].compactMap { try? Scope($0) }),
        defaults: ScopeSet(["files:read"].compactMap { try? Scope($0) }))

    private func granted(_ text: String?) throws -> String {
        ScopeRule.grantable(try ScopeRule.requested(text), at: catalogue).string
    }

    @Test(arguments: [nil, "", " ", "offline_access", " offline_access", "offline_access  offline_access "])
    func `a request for nothing but offline_access gets the default scopes`(text: String?) throws {
        #expect(try granted(text) == "files:read")
    }

    @Test(arguments: [
        ("files:write", "files:write"), (" files:write   admin ", "files:write admin"),
        ("files:write unknown offline_access", "files:write"), ("admin admin", "admin"),
    ])
    func `Known ones are granted, unknown ones dropped`(text: String, expected: String) throws {
        #expect(try granted(text) == expected)
    }

    @Test(arguments: ["unknown", "unknown offline_access", "Files:read", "openid email profile", "read:jira openid"])
    func `without any known scope the defaults are offered`(text: String) throws {
        #expect(try granted(text) == "files:read")
    }

    @Test func `a scope of an MCP server counts, whatever its name`() throws {
        let mail = ScopeCatalogue(known: try ScopeSet(parsing: "email send"), defaults: try ScopeSet(parsing: "send"))
        #expect(ScopeRule.grantable(try ScopeRule.requested("openid email"), at: mail).string == "email")
        let granted = try ScopeSet(parsing: "email send")
        #expect(try ScopeRule.narrowed(granted, to: ScopeRule.narrowing("openid email")).string == "email")
    }

    @Test(
        arguments: [
            (nil, "a b"), ("", "a b"), ("offline_access", "a b"), ("openid profile email address phone groups", "a b"),
            ("openid offline_access", "a b"), ("b other", "b"), ("openid a", "a"), ("other", nil),
            ("openid other", nil),
            ("A", nil), ("\"", nil), ("offline_access \"", nil),
        ] as [(String?, String?)])
    func `a refresh with scopes outside the grant only is invalid_scope`(text: String?, expected: String?)
        throws
    {
        let granted = try ScopeSet(parsing: "a b")
        let wanted = ScopeRule.narrowing(text)
        guard let expected else {
            #expect(refusal { try ScopeRule.narrowed(granted, to: wanted) } == .invalidScope)
            return
        }
        #expect(try ScopeRule.narrowed(granted, to: wanted).string == expected)
    }

    @Test(arguments: ["files:read\"", "files:\\read", "fïles:read", "a\tb"])
    func `a malformed scope is invalid_scope`(text: String) {
        #expect(refusal { try granted(text) } == .invalidScope)
    }

    @Test func `scope bombs are refused, a long list of repeats is not one`() throws {
        let bomb = (0..<65).map { "s\($0)" }.joined(separator: " ")
        #expect(throws: OAuthValueError.self) { try ScopeSet(parsing: bomb) }
        #expect(try ScopeSet(parsing: (0..<64).map { "s\($0)" }.joined(separator: " ")).count == 64)
        #expect(throws: OAuthValueError.self) { try ScopeSet(parsing: String(repeating: "a ", count: 500_000)) }
        #expect(throws: OAuthValueError.self) { try ScopeSet(parsing: String(repeating: "a", count: 129)) }
        #expect(try ScopeSet(parsing: String(repeating: "a ", count: 100)).count == 1)
    }

    @Test(
        arguments: [
            (nil, nil), ("offline_access", nil), ("", nil), ("a b", "a b"), ("a \"bad\" b", "a b"), (" b  a ", "b a"),
        ] as [(String?, String?)])
    func `unknown scopes of a refresh are ignored`(text: String?, expected: String?) {
        #expect(ScopeRule.narrowing(text)?.string == expected)
    }

    @Test func `A set keeps its order and compares without it`() throws {
        let one = try ScopeSet(parsing: "b a c")
        let other = try ScopeSet(parsing: "a b c")
        #expect(one == other)
        #expect(one.string == "b a c")
        #expect(one.subtracting(try ScopeSet(parsing: "a")).string == "b c")
        #expect(one.intersection(try ScopeSet(parsing: "c b x")).string == "b c")
        #expect(one.union(try ScopeSet(parsing: "x a")).string == "b a c x")
        #expect(try ScopeSet(parsing: "a c").isSubset(of: one))
        #expect(try !ScopeSet(parsing: "a x").isSubset(of: one))
    }
}
