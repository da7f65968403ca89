import JOSE
import OAuth
import Storage

/// The request for an access review.
package struct ReportRequest: Codable, Hashable, Sendable {
    /// Only the MCP servers of this owner; nil for all owners.
    package var owner: String?
    /// The seconds without use after which a session counts as idle.
    package var idleFor: Int64
    /// Whether the review counts the sessions of each user, in place of each MCP server.
    package var isByUser: Bool

    /// A review of one owner, or of all.
    package init(owner: String? = nil, idleFor: Int64, isByUser: Bool = false) {
        self.owner = owner
        self.idleFor = idleFor
        self.isByUser = isByUser
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
        if request.isByUser { return try await reportUsers(idleSince) }
        let (reports, access) = try await store.read { transaction in
            let reports = try transaction.sessionReports.resourceReports(
                owner: owner, idleSince: idleSince, now: now, limit: Self.mostReported + 1)
            return (
                reports,
                try reports.map { try Self.summary(of: transaction.access.settings(of: $0.resource).list) }
            )
        }
        if let owner, reports.isEmpty {
            throw AdministrationError(
                .notFound, "Owner '\(owner)' not found. List owners with 'gatehouse report'.")
        }
        return .many(
            zip(reports, access).prefix(Self.mostReported).map { $0.row(access: $1) },
            note: Self.hint(reports, request),
            warning: reports.count > Self.mostReported
                ? "Only the first \(Self.mostReported) MCP servers are shown. Use --owner to select some." : nil)
    }

    /// The live sessions of each user, counted.
    private func reportUsers(_ idleSince: Timestamp) async throws -> AdministrationAnswer {
        let reports = try await store.read { transaction in
            try transaction.sessionReports.userReports(
                idleSince: idleSince, now: now, limit: Self.mostReported + 1)
        }
        return .many(
            reports.prefix(Self.mostReported).map(\.row),
            note: reports.isEmpty
                ? nil : "See what a user may use, and by which rule, with 'gatehouse access USER'.",
            warning: reports.count > Self.mostReported ? "Only the first \(Self.mostReported) users are shown." : nil)
    }

    /// Who may use an MCP server: `everybody`, `nobody`, or how many groups and users.
    private static func summary(of list: AccessList?) -> String {
        guard let list else { return "everybody" }
        func count(_ number: Int, _ one: String) -> String? {
            number == 0 ? nil : "\(number) \(one)\(number == 1 ? "" : "s")"
        }
        let parts = [count(list.groups.count, "group"), count(list.users.count, "user")].compactMap(\.self)
        return parts.isEmpty ? "nobody" : parts.joined(separator: ", ")
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
    fileprivate func row(access: String) -> JSONObject {
        [
            "owner": .string(owner), "resource": .string(identifier), "name": .string(name),
            "resource_id": .string(resource.string), "access": .string(access), "live": .integer(live),
            "people": .integer(people),
            "clients": .integer(clients), "idle": .integer(idle), "never_used": .integer(neverUsed),
            "oldest_created_at": JSON(oldest), "last_expires_at": JSON(lastEnd),
        ]
    }
}

extension UserReport {
    /// The row of one user.
    fileprivate var row: JSONObject {
        [
            "user": .string(user.name), "subject": .string(user.subject.string),
            "state": .string(user.disabledAt == nil ? "enabled" : "disabled"), "groups": .strings(groups),
            "live": .integer(live), "resources": .integer(resources), "clients": .integer(clients),
            "idle": .integer(idle), "oldest_created_at": JSON(oldest), "last_expires_at": JSON(lastEnd),
        ]
    }
}
