import Foundation
import TestSupport
import Testing

@Suite("The audit catalogue")
struct AuditCatalogueTests {
    private static func names(in path: String, _ pattern: some RegexComponent<(Substring, Substring)>) throws -> Set<
        String
    > {
        Set(try Workspace.text(path).matches(of: pattern).map { String($0.1) })
    }

    @Test func `the page lists the actions and the ends of sessions that the sources have, and no other`() throws {
        let page = try Workspace.text("docs/operations/audit-catalogue.md")
        let parts = page.components(separatedBy: "## ")
        func listed(_ title: String) throws -> Set<String> {
            let part = try #require(parts.first { $0.hasPrefix(title) })
            return Set(part.matches(of: /\n\| `([^`]+)` \|/).map { String($0.1) })
        }
        let actions = try Self.names(
            in: "Sources/Storage/Audit/AuditEntry.swift", /AuditAction\(rawValue: "([^"]+)"\)/)
        #expect(actions.count > 80)
        #expect(try listed("Actions").symmetricDifference(actions).isEmpty)
        let ends = try Self.names(
            in: "Sources/OAuth/Events/SessionEndReason.swift", /SessionEndReason\(rawValue: "([^"]+)"\)/)
        #expect(try listed("Ends of sessions").symmetricDifference(ends).isEmpty)
        let source = try Workspace.text("Sources/Storage/Audit/AuditEntry.swift")
        for line in ["case success, refused", "case human, model, client, server, system"] {
            #expect(source.contains(line))
            for word in line.dropFirst(5).components(separatedBy: ", ") { #expect(page.contains("`\(word)`")) }
        }
    }
}
