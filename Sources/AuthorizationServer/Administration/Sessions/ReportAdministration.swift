import JOSE
import OAuth
import Storage

/// What an access review asks.
package struct ReportRequest: Codable, Hashable, Sendable {
    /// Only the MCP servers of one accountable name.
    package var owner: String?
    /// From how many seconds of disuse on a session counts as idle.
    package var idleFor: Int64

    /// A review of all owners unless one is named.
    package init(owner: String? = nil, idleFor: Int64) {
        self.owner = owner
        self.idleFor = idleFor
    }
}

/// The access review: live sessions counted by MCP server.
struct ReportAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// The most MCP servers that one report has.
    private static let mostReported = 10_000

    func perform(_ request: ReportRequest) async throws -> AdministrationAnswer {
        let owner = try request.owner.map { try AdministrationText.checked($0, as: "The owner") }
        let idleSince = now - (try Self.checkedDisuse(request.idleFor))
        let reports = try await store.read { transaction in
            try transaction.sessions.resourceReports(
                owner: owner, idleSince: idleSince, now: now, limit: Self.mostReported + 1)
        }
        if let owner, reports.isEmpty {
            throw AdministrationError(
                .notFound, "No MCP server has the owner '\(owner)'; 'gatehouse report' names all.")
        }
        return .many(
            reports.prefix(Self.mostReported).map(\.row), note: Self.hint(reports, request),
            warning: reports.count > Self.mostReported
                ? "Only the first \(Self.mostReported) are shown; narrow them by --owner." : nil)
    }

    /// How to see the sessions behind a number.
    private static func hint(_ reports: [ResourceReport], _ request: ReportRequest) -> String? {
        guard reports.contains(where: { $0.idle > 0 }) else { return nil }
        let isWhole = request.idleFor % 86_400 == 0
        let time = isWhole ? "\(request.idleFor / 86_400)d" : "\(request.idleFor)s"
        return
            "'gatehouse sessions list --resource RESOURCE --idle-for \(time)' names idle ones, the longest unused first."
    }
}

extension ResourceReport {
    /// What lives at one MCP server, as an access review reads it.
    fileprivate var row: JSONObject {
        [
            "owner": .string(owner), "resource": .string(identifier), "name": .string(name),
            "resource_id": .string(resource.string), "live": .integer(live), "people": .integer(people),
            "clients": .integer(clients), "idle": .integer(idle), "never_used": .integer(neverUsed),
            "oldest_created_at": JSON(oldest), "last_expires_at": JSON(lastEnd),
        ]
    }
}
