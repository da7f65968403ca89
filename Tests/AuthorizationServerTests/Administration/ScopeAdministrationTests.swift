import AuthorizationServer
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Administration of scopes")
struct ScopeAdministrationTests {
    typealias Assignment = ScopeChanges.Assignment

    private func run(_ h: Harness, _ request: ResourceRequest) async throws -> AdministrationAnswer {
        try await Administration(store: h.gatehouse.store, keys: h.gatehouse.keys, clock: h.clock.wall)
            .run(.resources(request), by: Administrator(uid: 1000, claimed: nil))
    }

    private func change(_ h: Harness, _ reach: ScopeChanges) async throws {
        _ = try await run(h, .policy(h.resource.id.string, PolicyChange(reach: reach)))
    }

    private func scope(_ h: Harness, _ name: String) async throws -> ResourceScope? {
        try await h.gatehouse.store.read { try $0.resources.find(id: h.resource.id) }?.scopes.first {
            $0.scope.string == name
        }
    }

    private static func writes(_ values: String...) -> [Assignment] {
        values.map { Assignment(scope: "files:write", value: $0) }
    }

    @Test func `the lists of a named scope are replaced, an empty value clears them, and other scopes stay unchanged`()
        async throws
    {
        try await Harness.run { h in
            try await change(
                h,
                ScopeChanges(
                    implies: Self.writes("files:read", "files:list", "files:read"),
                    tools: Self.writes("write_file", "delete_file"),
                    freshSignIn: [.init(scope: "files:write", seconds: 300)]))
            var write = try #require(try await scope(h, "files:write"))
            #expect(write.implies.string == "files:read files:list")
            #expect(write.tools.map(\.string) == ["write_file", "delete_file"] && write.freshSeconds == 300)
            try await change(
                h, ScopeChanges(implies: [.init(scope: "files:list", value: "files:read")], tools: Self.writes("edit")))
            write = try #require(try await scope(h, "files:write"))
            #expect(write.implies.string == "files:read files:list" && write.freshSeconds == 300)
            #expect(write.tools.map(\.string) == ["edit"])
            try await change(
                h,
                ScopeChanges(
                    implies: Self.writes(""), tools: Self.writes(""),
                    freshSignIn: [.init(scope: "files:write", seconds: nil)]))
            write = try #require(try await scope(h, "files:write"))
            #expect(write.implies.isEmpty && write.tools.isEmpty && write.freshSeconds == nil)
            #expect(try await scope(h, "files:list")?.implies.string == "files:read")
        }
    }

    static let wrong: [(ScopeChanges, String)] = [
        (ScopeChanges(implies: [.init(scope: "files:write", value: "nonsense")]), "Scope 'nonsense' not found"),
        (ScopeChanges(implies: [.init(scope: "nonsense", value: "files:read")]), "Scope 'nonsense' not found"),
        (ScopeChanges(tools: [.init(scope: "nonsense", value: "")]), "Scope 'nonsense' not found"),
        (ScopeChanges(freshSignIn: [.init(scope: "nonsense", seconds: 300)]), "Scope 'nonsense' not found"),
        (ScopeChanges(implies: [.init(scope: "a b", value: "")]), "A scope is 1 to 128"),
        (
            ScopeChanges(implies: [
                .init(scope: "files:write", value: "files:read"), .init(scope: "files:read", value: "files:write"),
            ]), "files:read → files:write → files:read"
        ),
        (ScopeChanges(implies: [.init(scope: "files:read", value: "files:read")]), "files:read → files:read"),
        (ScopeChanges(tools: [.init(scope: "files:write", value: "delete file")]), "The name of a tool is made of"),
        (ScopeChanges(tools: [.init(scope: "files:write", value: "x\u{202E}y")]), "The name of a tool is made of"),
        (
            ScopeChanges(tools: (0...64).map { .init(scope: "files:write", value: "tool\($0)") }),
            "at most 64"
        ),
        (ScopeChanges(freshSignIn: [.init(scope: "files:write", seconds: 59)]), "1m to 12h"),
        (ScopeChanges(freshSignIn: [.init(scope: "files:write", seconds: 43_201)]), "1m to 12h"),
        (
            ScopeChanges(freshSignIn: [
                .init(scope: "files:write", seconds: 60), .init(scope: "files:write", seconds: nil),
            ]), "once for each scope"
        ),
    ]

    @Test(arguments: wrong)
    func `An invalid reach is refused with one sentence and changes nothing`(
        reach: ScopeChanges, sentence: String
    ) async throws {
        try await Harness.run { h in
            try await change(h, ScopeChanges(implies: Self.writes("files:list"), tools: Self.writes("edit")))
            let before = try await h.gatehouse.store.read { try $0.resources.find(id: h.resource.id) }
            let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 1000) }.count
            var whole = reach
            whole.tools.append(.init(scope: "files:list", value: "ls"))
            let error = await #expect(throws: AdministrationError.self) { try await change(h, whole) }
            #expect(
                error?.kind == .invalid && error?.description.contains(sentence) == true, "\(error?.description ?? "")")
            #expect(error?.description.hasSuffix(".") == true)
            #expect(try await h.gatehouse.store.read { try $0.resources.find(id: h.resource.id) } == before)
            #expect(try await h.gatehouse.store.read { try $0.audit.tail(limit: 1000) }.count == records)
        }
    }

    @Test func `An MCP server is added together with the reach of its scopes, or not at all`() async throws {
        try await Harness.run { h in
            func draft(_ host: String, _ reach: ScopeChanges) -> ResourceRequest {
                .add(
                    ResourceDraft(
                        identifier: "https://\(host).example/mcp", name: "A", owner: "B",
                        scopes: ["w", "r"].map { .init(name: $0, description: $0, onRequest: false) }, reach: reach))
            }
            _ = try await run(h, draft("good", ScopeChanges(implies: [.init(scope: "w", value: "r")])))
            let added = try await h.gatehouse.store.read { try $0.resources.list() }.first { $0.name == "A" }
            #expect(added?.scopes.first?.implies.string == "r")
            await #expect(throws: AdministrationError.self) {
                try await run(h, draft("bad", ScopeChanges(implies: [.init(scope: "w", value: "x")])))
            }
            let many = (0...64).map { ResourceDraft.Scope(name: "s\($0)", description: "d", onRequest: false) }
            await #expect(throws: AdministrationError.self) {
                try await run(
                    h, .add(ResourceDraft(identifier: "https://m.example", name: "M", owner: "B", scopes: many)))
            }
            #expect(try await h.gatehouse.store.read { try $0.resources.list() }.count == 2)
        }
    }
}
