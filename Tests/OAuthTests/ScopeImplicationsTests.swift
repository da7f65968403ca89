import OAuth
import Testing

@Suite("Scope implications")
struct ScopeImplicationsTests {
    private func implications(_ direct: [String: String]) throws -> ScopeImplications {
        ScopeImplications(
            Dictionary(
                uniqueKeysWithValues: try direct.map { (try Scope($0.key), try ScopeSet(parsing: $0.value)) }))
    }

    @Test func `a scope implies others transitively: requested ones first, then the nearest`()
        throws
    {
        let rule = try implications(["admin": "write list", "write": "read", "list": "read count"])
        func closure(_ text: String) throws -> String { rule.closure(of: try ScopeSet(parsing: text)).string }
        #expect(try closure("admin") == "admin write list read count")
        #expect(try closure("count write") == "count write read")
        #expect(try closure("read unknown") == "read unknown")
        #expect(rule.closure(of: []).isEmpty)
        #expect(rule.included(in: try Scope("list")).string == "read count")
    }

    @Test
    func `over a thousand random rules a closure is complete, ordered and idempotent`()
        throws
    {
        var random = SeededGenerator(seed: 470)
        for _ in 0..<1_000 {
            let all = try (0..<Int.random(in: 1...12, using: &random)).map { try Scope("s\($0)") }
            func some(_ chance: Double) -> ScopeSet {
                ScopeSet(all.shuffled(using: &random).filter { _ in .random(in: 0..<1, using: &random) < chance })
            }
            let density = Double.random(in: 0..<0.4, using: &random)
            let direct = Dictionary(uniqueKeysWithValues: all.map { ($0, some(density)) })
            let rule = ScopeImplications(direct)
            let (asked, more) = (some(0.3), some(0.3))
            let closure = rule.closure(of: asked)
            #expect(Array(closure.scopes.prefix(asked.count)) == asked.scopes)
            #expect(closure == reachable(from: asked, by: direct))
            #expect(rule.closure(of: closure).scopes == closure.scopes)
            #expect(closure.isSubset(of: rule.closure(of: asked.union(more))))
            let again = ScopeImplications(Dictionary(uniqueKeysWithValues: direct.shuffled(using: &random)))
            #expect(again.closure(of: asked).scopes == closure.scopes)
            #expect(rule.restricted(to: asked).closure(of: asked).scopes == closure.scopes)
            try expectHonest(rule.circle, all, direct)
        }
    }

    /// The same by another way: as often as there are scopes, whatever one step leads to.
    private func reachable(from asked: ScopeSet, by direct: [Scope: ScopeSet]) -> ScopeSet {
        direct.reduce(asked) { reached, _ in
            reached.scopes.reduce(reached) { $0.union(direct[$1] ?? []) }
        }
    }

    private func expectHonest(_ circle: [Scope]?, _ all: [Scope], _ direct: [Scope: ScopeSet]) throws {
        let circular = all.filter { reachable(from: direct[$0] ?? [], by: direct).contains($0) }
        guard let circle else {
            #expect(circular.isEmpty)
            return
        }
        #expect(circle.first == circle.last && circle.count > 1)
        for (one, next) in zip(circle, circle.dropFirst()) { #expect(direct[one]?.contains(next) == true) }
    }

    @Test func `A circle is named by its shortest way`() throws {
        #expect(try implications(["a": "b", "b": "c a"]).circle?.map(\.string) == ["a", "b", "a"])
        #expect(try implications(["a": "a"]).circle?.map(\.string) == ["a", "a"])
        #expect(try implications(["a": "b c", "b": "c"]).circle == nil)
    }

    @Test func `a scope that implies an on-request scope is on request itself`() throws {
        let known = try ScopeSet(parsing: "read write all")
        let rule = try implications(["all": "write"])
        let catalogue = ScopeCatalogue(
            known: known, defaults: try ScopeSet(parsing: "read all"), implications: rule)
        #expect(catalogue.defaults.string == "read")
        #expect(ScopeRule.grantable(try ScopeSet(parsing: "all"), at: catalogue).string == "all")
    }

    @Test(arguments: ["", "a b", "a\tb", "écrire", "a\u{202E}b", "a\"b", "<b>", String(repeating: "a", count: 129)])
    func `The name of a tool is refused where it could mislead`(text: String) {
        #expect(throws: OAuthValueError.self) { try ToolName(text) }
    }

    @Test(arguments: ["write_file", "Files/Write-2.1", "ns:tool", String(repeating: "a", count: 128)])
    func `The name of a tool is kept as it is`(text: String) throws {
        #expect(try ToolName(text).string == text)
    }
}
