import JOSE
import OAuth
import Storage

/// The request for an access review.
package struct ReportRequest: Codable, Hashable, Sendable {
    /// Only the MCP servers of this owner; nil for all owners.
    package var owner: String?
    /// The seconds without use after which a session counts as idle.
    package var idleFor: Int64

    /// A review of one owner, or of all.
    package init(owner: String? = nil, idleFor: Int64) {
        self.owner = owner
        self.idleFor = idleFor
    }
}

extension ReportRequest: NounRequest {
    package var traits: RequestTraits {
        [.safeOnRolledBackTrail, .long]
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await ReportAdministration(task: task).perform(self)
    }
}

/// The access review: the live sessions of each MCP server, counted.
struct ReportAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// The maximum number of MCP servers in a report.
    private static let mostReported = 10_000

    func perform(_ request: ReportRequest) async throws -> AdministrationAnswer {
        let owner = try request.owner.map { try AdministrationText.checked($0, as: "The owner") }
        let idleSince = now - (try Self.checkedIdleTime(request.idleFor))
        let reports = try await store.read { transaction in
            try transaction.sessionReports.resourceReports(
                owner: owner, idleSince: idleSince, now: now, limit: Self.mostReported + 1)
        }
        if let owner, reports.isEmpty {
            throw AdministrationError(
                .notFound, "Owner '\(owner)' not found. List owners with 'gatehouse report'.")
        }
        return .many(
            reports.prefix(Self.mostReported).map(\.row), note: Self.hint(reports, request),
            warning: reports.count > Self.mostReported
                ? "Only the first \(Self.mostReported) MCP servers are shown. Use --owner to select some." : nil)
    }

    /// The command that lists the idle sessions; nil if there are none.
    private static func hint(_ reports: [ResourceReport], _ request: ReportRequest) -> String? {
        guard reports.contains(where: { $0.idle > 0 }) else { return nil }
        let isWhole = request.idleFor % 86_400 == 0
        let time = isWhole ? "\(request.idleFor / 86_400)d" : "\(request.idleFor)s"
        return "List idle sessions with 'gatehouse sessions list --resource RESOURCE --idle-for \(time)'."
    }
}

extension ResourceReport {
    /// The row of one MCP server.
    fileprivate var row: JSONObject {
        [
            "owner": .string(owner), "resource": .string(identifier), "name": .string(name),
            "resource_id": .string(resource.string), "live": .integer(live), "people": .integer(people),
            "clients": .integer(clients), "idle": .integer(idle), "never_used": .integer(neverUsed),
            "oldest_created_at": JSON(oldest), "last_expires_at": JSON(lastEnd),
        ]
    }
}
