import OAuth
import Testing

@testable import Storage

@Suite("Reports of MCP servers", .onEachStore)
struct AuditReportTests {
    private let world: World

    init() async throws { world = try await World() }

    private func entry(_ text: String = "the person edited the prompt", at seconds: Int64 = 0) -> ReportedEntry {
        ReportedEntry(
            AuditAction(rawValue: "checkpoint.sampling"), at: World.start + seconds, by: world.resource.id,
            user: world.user.id, client: world.client.id, initiator: .model, explanation: text)
    }

    @Test func `a report is in its MCP server's own chain and not in the main chain`() async throws {
        let before = try await world.store.read { try $0.audit.verify().records }
        guard case .recorded(let record) = try await world.store.write({ try $0.audit.reports.append(entry()) }) else {
            Issue.record("it was not recorded")
            return
        }
        #expect(record.chain == .reported(world.resource.id) && record.sequence == 1)
        #expect(record.entry.evidence == .reported(by: world.resource.id.string))
        let verdict = try await world.store.read { try $0.audit.verify() }
        #expect(verdict.defects == [] && verdict.records == before && verdict.reported == 1)
        let found = try await world.store.read { transaction in
            var filter = AuditFilter()
            filter.isReported = true
            return try transaction.audit.records(filter, limit: 5)
        }
        #expect(found == [record])
    }

    @Test func `reports beyond the quota are refused, with one record`()
        async throws
    {
        let verdicts = try await withThrowingTaskGroup(of: ReportVerdict.self) { group in
            for _ in 0..<60 {
                group.addTask { [world, entry = entry()] in
                    try await world.store.write { try $0.audit.reports.append(entry, quota: 10) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(verdicts.count { $0 == .overQuota } == 50)
        let verdict = try await world.store.read { try $0.audit.verify() }
        #expect(verdict.reported == 10 && verdict.records == 1 && verdict.defects == [])
        let told = try await world.store.read { try $0.audit.tail() }.map(\.entry)
        #expect(told.map(\.action) == [.reportsOverQuota] && told.first?.resource == world.resource.id)
    }

    @Test func `the quota of one MCP server does not affect another, and is new in the next hour`() async throws {
        let other = try World.resource("https://mail.example/mcp")
        try await world.store.write { _ = try $0.resources.insert(other) }
        for _ in 0..<5 { _ = try await world.store.write { try $0.audit.reports.append(entry(), quota: 2) } }
        let calm = ReportedEntry(.elicitationRead, at: World.start, by: other.id, initiator: .server)
        guard case .recorded = try await world.store.write({ try $0.audit.reports.append(calm, quota: 2) }) else {
            Issue.record("another MCP server was refused")
            return
        }
        guard
            case .recorded(let later) = try await world.store.write({
                try $0.audit.reports.append(entry(at: 3_600), quota: 2)
            })
        else {
            Issue.record("the next hour began with a refusal")
            return
        }
        #expect(later.sequence == 3)
        #expect(try await world.store.read { try $0.audit.verify().defects } == [])
    }

    @Test func `reports can be neither edited nor deleted by the server itself`() async throws {
        _ = try await world.store.write { try $0.audit.reports.append(entry()) }
        for sql in ["DELETE FROM audit_reported", "UPDATE audit_reported SET reason = 'x'"] {
            await #expect(throws: StoreError.self) { try await world.store.write { _ = try $0.execute(sql) } }
        }
    }
}
