import Foundation
import Testing

@Suite("The rules of the architecture would fail")
struct RuleTests {
    private func file(_ path: String, _ text: String) -> RepositoryFile { RepositoryFile(path: path, text: text) }

    @Test(arguments: [
        "import GRDB", "package import Storage", "@preconcurrency internal import Hummingbird",
        "import struct Storage.Store", "@testable import Web",
    ])
    func `A forbidden import is found in every spelling`(line: String) {
        #expect(ImportRule.violations(in: file("Sources/OAuth/A.swift", "import JOSE\n\(line)\n")).count == 1)
    }

    @Test func `An allowed import and one inside a comment or a text are not`() {
        let text = "import Foundation\nimport JOSE\n// import GRDB\nlet a = \"\"\"\nimport GRDB\n\"\"\"\n"
        #expect(ImportRule.violations(in: file("Sources/OAuth/A.swift", text)) == [])
    }

    @Test func `A target that the table does not know is found`() {
        #expect(ImportRule.violations(in: file("Sources/Extra/A.swift", "import JOSE")).count == 1)
    }

    @Test func `A file of 401 lines is found and one of 400 is not`() {
        let line = "let a = 1\n"
        #expect(BudgetRule.violations(in: file("a.swift", String(repeating: line, count: 400))) == [])
        #expect(BudgetRule.violations(in: file("a.swift", String(repeating: line, count: 401))).count == 1)
    }

    @Test func `A folder with 25 files is refused, however many its subfolders hold`() {
        let flat = (1...25).map { "Sources/A/\($0).swift" }
        #expect(BudgetRule.crowdedFolders(flat).count == 1)
        #expect(BudgetRule.crowdedFolders(flat.dropLast() + ["Sources/A/B/25.swift"]) == [])
    }

    @Test
    func `A type of 401 lines in two files of a target is found, one of 400 is not, and other targets do not count`() {
        func type(_ header: String, _ lines: Int) -> String {
            "\(header) {\n" + String(repeating: "    let a = \"}\" // }\n", count: lines - 2) + "}\n"
        }
        let declaration = file("Sources/A/B.swift", type("@MainActor package final class B<C>: D", 200))
        func violations(_ others: RepositoryFile...) -> Int { BudgetRule.largeTypes(in: [declaration] + others).count }
        #expect(violations(file("Sources/A/E/B+F.swift", type("extension B", 200))) == 0)
        #expect(violations(file("Sources/A/E/B+F.swift", type("extension B where C: D", 201))) == 1)
        #expect(violations(file("Sources/A/F.swift", type("extension B.G", 201))) == 0)
        #expect(violations(file("Sources/H/F.swift", type("extension B", 201))) == 0)
    }

    @Test func `Types are measured to their own closing brace, and nested ones belong to the outer one`() {
        let text = """
            import struct Foundation.Data
            struct A {
                enum B { case c }
            }
            func d() { struct E {} }
            private extension F:
                G
            {
            }
            protocol H {}
            """
        let found = BudgetRule.types(in: text)
        #expect(found.map(\.name) == ["A", "F", "H"])
        #expect(found.map(\.lines) == [3, 4, 1])
    }

    @Test func `A function of 61 lines is found and one of 60 is not`() {
        func text(_ lines: Int) -> String {
            "struct A {\n    func b(c: () -> Void = { }) -> Int {\n"
                + String(repeating: "        d(\"}\") // }\n", count: lines - 2) + "    }\n}\n"
        }
        #expect(BudgetRule.violations(in: file("a.swift", text(60))) == [])
        #expect(BudgetRule.violations(in: file("a.swift", text(61))).count == 1)
    }

    @Test func `Functions are measured to their own closing brace`() {
        let text = """
            protocol P { func a() -> Int }
            struct B: P {
                init?(_ c: [Int]) {
                    guard "\\(c.map { "}" })".isEmpty else { return nil }
                }
                func a() -> Int { 1 }
            }
            """
        let found = BudgetRule.functions(in: text)
        #expect(found.map(\.name) == ["init", "a"])
        #expect(found.map(\.lines) == [3, 1])
    }

    @Test func `Quotes and braces in a regular expression do not count`() {
        let text = "func a() {\n    b.matches(of: /x=\"([^\"]*)\"{/)\n}\nfunc c() { d(1 / 2, e / f) }\n"
        #expect(BudgetRule.functions(in: text).map(\.lines) == [3, 1])
    }

    @Test func `A Spec line without a row is found`() {
        let source = file("Sources/A/Rule.swift", "/// Spec: RFC 1 §2\nstruct Rule {}\n")
        #expect(SpecificationRule.violations(index: "", sources: [source], tests: []).count == 1)
    }

    @Test func `A row without its Spec line, its type or its suite is found`() {
        let rule = file("Sources/A/Rule.swift", "/// Spec: RFC 1 §2\npackage struct Rule {}\n")
        let tests = file("Tests/A/RuleTests.swift", "struct RuleTests {}")
        func violations(_ row: String) -> Int {
            SpecificationRule.violations(index: row, sources: [rule], tests: [tests]).count
        }
        #expect(violations("| RFC 1 | §2 | `Rule` | `RuleTests` |") == 0)
        #expect(violations("| RFC 1 | §2 | `Rule` | `RuleTests` |\n| RFC 1 | §3 | `Rule` | `RuleTests` |") == 1)
        #expect(violations("| RFC 1 | §2 | `Rule`, `Gone` | `RuleTests` |") == 1)
        #expect(violations("| RFC 1 | §2 | `Rule` | `GoneTests` |") == 1)
        #expect(violations("| RFC 1 | §2 | `Rule` | |") == 1)
    }

    @Test(arguments: ["<p>{{{name}}}</p>", "<p>{{ & name }}</p>", "{{=<% %>=}}", "{{% CONTENT_TYPE:TEXT}}"])
    func `Each spelling of raw output is found`(text: String) {
        #expect(TemplateRule.violations(in: file("templates/a.mustache", text)).count == 1)
    }

    @Test func `Escaped output is not`() {
        #expect(TemplateRule.violations(in: file("templates/a.mustache", "{{name}}{{#a}}{{>b}}{{/a}}")) == [])
    }

    @Test(arguments: [
        "if secret == other {", "guard given != record.secret else {", "x.passwordHash == y", "return a == b.proof",
    ])
    func `A secret that is compared by its value is found`(line: String) {
        #expect(ComparisonRule.violations(in: file("Sources/A/A.swift", line)).count == 1)
    }

    @Test(arguments: [
        "secret == nil", "purpose == .secret", "kind != .password", "id == other // secret == a", "let a = secret",
        "f(size, &tag) == 1",
    ])
    func `What is no value of a secret may be compared`(line: String) {
        #expect(ComparisonRule.violations(in: file("Sources/A/A.swift", line)) == [])
    }

    @Test func `A pattern is found and its name in a comment is not`() {
        #expect(PatternRule.violations(in: file("a.swift", "let a = try Regex(b)")).count == 1)
        #expect(PatternRule.violations(in: file("a.swift", "// no Regex here")) == [])
    }

    @Test func `A folder of the machine is found and a mere part of an address is not`() {
        let folders = ["/" + "home/me/a", "see '\(Repository.root.path)/a'", "\"/" + "Users/me\" /" + "Users/me"]
        for text in folders {
            #expect(!MachineRule.violations(in: file("a.md", text)).isEmpty)
        }
        #expect(MachineRule.violations(in: file("a.md", "https://example.org/home/page and src/root/a")) == [])
    }

    @Test(arguments: [
        ("[a](b.md)", true), ("[a](b.md#two-words-b)", true), ("[a](#here)\n# Here", true),
        ("[a](https://a.example)", true),
        ("```\n[a](x.md)\n```\n", true), ("<img src=\"../README.md\">", true), ("[a](x.md)", false),
        ("[a](b.md#two)", false), ("[a](#here)", false), ("<img srcset=\"images/x.png\">", false),
    ])
    func `A link that leads nowhere is found`(text: String, isGood: Bool) {
        let files = ["docs/b.md": "## Two words, `b`\n", "README.md": ""]
        let page = file("docs/a.md", "# A\n\n" + text)
        #expect(LinkRule.violations(in: page) { $0 == "docs/a.md" ? page.text : files[$0] }.isEmpty == isGood)
    }

    @Test func `A test target without tests, or with a placeholder, is found`() {
        let real = file("Tests/ATests/ATests.swift", "@Test func a() {}")
        let placeholder = file("Tests/ATests/Placeholder.swift", "@Test func b() {}")
        #expect(SuiteRule.violations(folder: "ATests", files: [real]) == [])
        #expect(SuiteRule.violations(folder: "BTests", files: [real]).count == 1)
        #expect(SuiteRule.violations(folder: "ATests", files: [real, placeholder]).count == 1)
    }

    @Test func `A grant that is named elsewhere, or a second look at grant_type, is found`() {
        let grant = file(GrantRule.folder + "DeviceGrant.swift", "struct DeviceGrant: Grant {}")
        let list = file(GrantRule.list, "let grants = [DeviceGrant()]")
        let look = "try parameters.value(.grantType)"
        #expect(GrantRule.violations(in: [grant, list, file(GrantRule.endpoint, look)]) == [])
        #expect(GrantRule.violations(in: [grant, file(GrantRule.endpoint, "is DeviceGrant")]).count == 1)
        #expect(GrantRule.violations(in: [grant, file("Sources/Web/Handler.swift", look)]).count == 1)
    }

    @Test func `A second place that decides whether a session may be used is found`() {
        let decides = "guard !session.userIsDisabled else { return }"
        #expect(StandingPlaceRule.violations(in: file("Sources/A/A.swift", decides)).count == 1)
        #expect(StandingPlaceRule.violations(in: file("Sources/A/StandingRule.swift", decides)) == [])
        let sql = "WHERE state IN ('approved', 'active') AND last_used_at + idle_seconds > ?1"
        #expect(StandingPlaceRule.violations(in: file("Sources/Storage/Job.swift", sql)).count == 2)
        #expect(StandingPlaceRule.violations(in: file("Sources/Storage/Migrations/Jobs.swift", sql)) == [])
    }

    @Test(arguments: [
        ("@Test func `RR7 a token comes back`() {}", false), ("@Test(\n    \"E1 D1.30 a name\")", false),
        ("@Test func `RS256 verifies, RFC 7636 §4.6 holds`() {}", true), ("@Test func `a token comes back`() {}", true),
    ])
    func `A test name that cites a row is found, one that cites a standard is not`(text: String, isGood: Bool) {
        #expect(TestNameRule.violations(in: file("Tests/ATests/ATests.swift", text)).isEmpty == isGood)
    }
}
