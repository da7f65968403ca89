import Testing

@Suite("The architecture holds")
struct ArchitectureTests {
    @Test func `No source imports what the table of modules forbids`() {
        let sources = Repository.files(under: "Sources", ending: ".swift")
        #expect(sources.count > 10)
        #expect(sources.flatMap(ImportRule.violations) == [])
    }

    @Test func `The table of modules has a row for each target`() {
        // The package for Python and what makes packages are no targets of the Swift package.
        let others: Set<String> = ["Python", "Packaging"]
        #expect(Set(Repository.folders(in: "Sources")).subtracting(others) == Set(ImportRule.table.keys))
    }

    @Test func `No file and no function is past its budget`() {
        let files = ["Sources", "Tests"].flatMap { Repository.files(under: $0, ending: ".swift") }
        #expect(files.filter { !$0.path.contains("/.build/") }.flatMap(BudgetRule.violations) == [])
    }

    @Test func `No type is past its budget in all its files`() throws {
        let files = try Repository.tracked().filter { $0.path.hasSuffix(".swift") }
        #expect(BudgetRule.largeTypes(in: files) == [])
    }

    @Test func `No folder holds more than 24 files directly`() throws {
        let paths = try Repository.tracked().map(\.path).filter { $0.hasSuffix(".swift") }
        #expect(paths.count > 500)
        #expect(BudgetRule.crowdedFolders(paths) == [])
    }

    @Test func `Each Spec line has its row in the index and each row its Spec line`() throws {
        let index = try #require(Repository.file("docs/specifications.md"))
        let violations = SpecificationRule.violations(
            index: index.text, sources: Repository.files(under: "Sources", ending: ".swift"),
            tests: Repository.files(under: "Tests", ending: ".swift"))
        #expect(violations == [])
    }

    @Test func `The token endpoint knows no grant, and grant_type is looked at in one place`() {
        let folders = ["Sources/OAuth", "Sources/AuthorizationServer", "Sources/Web"]
        let files = folders.flatMap { Repository.files(under: $0, ending: ".swift") }
        #expect(files.filter { $0.path.hasPrefix(GrantRule.folder) }.count > 3)
        #expect(GrantRule.violations(in: files) == [])
    }

    @Test func `GRDB is imported below one folder alone`() {
        let files = Repository.files(under: "Sources/Storage", ending: ".swift")
        let importing = files.filter { $0.text.contains("import GRDB") }
        #expect(importing.count > 5)
        #expect(importing.filter { !$0.path.hasPrefix("Sources/Storage/SQLite/") }.map(\.path) == [])
    }

    @Test func `No signature outside of one folder has a type of SQLite`() {
        let files = Repository.files(under: "Sources/Storage", ending: ".swift")
            .filter { !$0.path.hasPrefix("Sources/Storage/SQLite/") }
        #expect(files.count > 50)
        #expect(files.flatMap(EngineRule.violations) == [])
    }

    @Test func `Each suite of the store's verbs runs on each engine`() {
        let files = Repository.files(under: "Tests/StorageTests", ending: ".swift")
        #expect(files.filter { $0.text.contains("@Suite(") }.count > 20)
        #expect(files.flatMap(EngineRule.unboundSuites) == [])
    }

    @Test func `Whether a session may be used is decided in one place`() {
        let files = Repository.files(under: "Sources", ending: ".swift")
        #expect(files.contains { $0.baseName == "StandingRule" } && files.contains { $0.baseName == "SessionLife" })
        #expect(files.flatMap(StandingPlaceRule.violations) == [])
    }

    @Test func `No template writes a value unescaped`() {
        let templates = Repository.files(under: "templates", ending: ".mustache")
        #expect(!templates.isEmpty)
        #expect(templates.flatMap(TemplateRule.violations) == [])
    }

    @Test func `No secret is compared by its value`() {
        #expect(Repository.files(under: "Sources", ending: ".swift").flatMap(ComparisonRule.violations) == [])
    }

    @Test func `No pattern decides what an address is`() {
        let folders = ["Sources/OAuth", "Sources/AuthorizationServer", "Sources/Web"]
        let files = folders.flatMap { Repository.files(under: $0, ending: ".swift") }
        #expect(files.count > 50)
        #expect(files.flatMap(PatternRule.violations) == [])
    }

    @Test func `No tracked file names the machine that it was written on`() throws {
        let tracked = try Repository.tracked().filter { !$0.path.hasPrefix("Tests/ArchitectureTests/") }
        #expect(tracked.count > 20)
        #expect(tracked.flatMap(MachineRule.violations) == [])
    }

    @Test func `Each link of the documentation leads to a page and a heading that are there`() {
        let others = ["README.md", "docs/llms.txt"]
        let pages = Repository.files(under: "docs", ending: ".md") + others.compactMap(Repository.file)
        #expect(pages.count > 10 && Set(others).isSubset(of: pages.map(\.path)))
        #expect(pages.flatMap { LinkRule.violations(in: $0, text: Repository.content) } == [])
    }

    @Test func `No text has the marks of a merge that was not finished`() {
        let folders = ["docs", "templates", "Sources/Packaging", "Sources/Python"]
        let files =
            folders.flatMap { Repository.files(under: $0, ending: "") }
            + ["README.md", "SECURITY.md", "Makefile"].compactMap(Repository.file)
        #expect(files.count > 60)
        let marks = ["<<<<<<< ", ">>>>>>> "]
        let marked = files.filter { file in
            file.text.split(separator: "\n").contains { line in marks.contains { line.hasPrefix($0) } }
        }
        #expect(marked.map(\.path) == [])
    }

    @Test func `The page for language models lists every page of the documentation`() throws {
        let list = try #require(Repository.file("docs/llms.txt")).text
        #expect(list.hasPrefix("# Gatehouse\n\n> "), "a name and a summary, as llmstxt.org wants it")
        let pages = Repository.files(under: "docs", ending: ".md").map { $0.path.dropFirst("docs/".count) }
        #expect(pages.filter { !list.contains("](\($0))") } == [])
    }

    @Test func `No test name cites a row of a list that is not in the repository`() {
        let files = Repository.files(under: "Tests", ending: ".swift").filter { !$0.path.contains("/.build/") }
            .filter { $0.baseName != "RuleTests" }
        #expect(files.flatMap(TestNameRule.violations) == [])
    }

    @Test func `Each test target has tests`() {
        let files = Repository.files(under: "Tests", ending: ".swift")
        let targets = Repository.folders(in: "Tests").filter { $0.hasSuffix("Tests") }
        #expect(targets.count >= 11)
        #expect(targets.flatMap { SuiteRule.violations(folder: $0, files: files) } == [])
    }
}
