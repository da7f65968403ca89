package import OAuth

/// What an MCP server reports, in a chain and a quota of its own. A report satisfies no policy.
package struct ReportedEntry: Hashable, Sendable {
    /// The MCP server that reports.
    package let resource: ResourceID
    /// The entry, whose evidence is the report.
    package let entry: AuditEntry

    /// A report of `resource`; `reason` is in Gatehouse's own words, `explanation` in the MCP server's.
    package init(
        _ action: AuditAction, at: Timestamp, by resource: ResourceID, user: UserID? = nil, client: ClientID? = nil,
        session: SessionID? = nil, outcome: AuditEntry.Outcome = .success, reason: String? = nil,
        initiator: AuditEntry.Initiator, correlation: String? = nil, explanation: String? = nil
    ) {
        self.resource = resource
        entry = AuditEntry(
            action, at: at, actor: .resource(resource), user: user, client: client, resource: resource,
            session: session, outcome: outcome, reason: reason, initiator: initiator,
            evidence: .reported(by: resource.string), correlation: correlation, explanation: explanation)
    }

    /// A report about a session by its MCP server.
    package init(
        _ action: AuditAction, at: Timestamp, of session: SessionGrant, outcome: AuditEntry.Outcome = .success,
        reason: String? = nil, initiator: AuditEntry.Initiator, correlation: String? = nil, explanation: String? = nil
    ) {
        self.init(
            action, at: at, by: session.resourceID, user: session.userID, client: session.clientID,
            session: session.id, outcome: outcome, reason: reason, initiator: initiator, correlation: correlation,
            explanation: explanation)
    }
}

/// The verdict on a report.
package enum ReportVerdict: Hashable, Sendable {
    case recorded(AuditRecord)
    /// The quota of the hour is used up, and nothing was written.
    case overQuota
}

/// The chains of what MCP servers report.
package struct AuditReports: Noun {
    let transaction: Transaction
}

extension AuditReports {
    /// The number of reports of one MCP server that are recorded in an hour.
    package static let perHour: Int64 = 3_600

    /// Appends a report to the chain of its MCP server, unless the quota of the hour is used up. The main chain gets one
    /// record of that an hour, so that a flood of reports cannot fill the disk by its refusals.
    package func append(_ report: ReportedEntry, quota: Int64 = perHour) throws -> ReportVerdict {
        guard transaction.isWrite else { throw StoreError.constraint("a reader cannot write to the audit trail") }
        let used = try countReport(report, quota)
        guard used <= quota else {
            if used == quota + 1 {
                try transaction.audit.append(
                    AuditEntry(
                        .reportsOverQuota, at: report.entry.at, actor: .resource(report.resource),
                        resource: report.resource, outcome: .refused, reason: "more than \(quota) reports in an hour",
                        initiator: .server))
            }
            return .overQuota
        }
        let name = AuditChainName.reported(report.resource)
        let audit = transaction.audit
        let head = try audit.head(name)
        let record = AuditRecord(
            audit.traced(report.entry), in: name, sequence: (head?.sequence ?? 0) + 1,
            previous: head?.hash ?? .beginning)
        try audit.insert(record)
        return .recorded(record)
    }

    /// The number of this report within its hour. Beyond the quota it writes nothing, so that refusals cost no disk.
    private func countReport(_ report: ReportedEntry, _ quota: Int64) throws -> Int64 {
        let hour = report.entry.at.seconds / 3_600
        let resource = report.resource.string
        let used = try first(
            "SELECT used FROM audit_quotas WHERE resource_id = ?1 AND hour = ?2", resource, hour
        ) { try $0.integer(0) }
        if let used, used > quota { return used + 1 }
        try execute(
            """
            INSERT INTO audit_quotas (resource_id, hour, used) VALUES (?1, ?2, ?3)
            ON CONFLICT (resource_id) DO UPDATE SET hour = excluded.hour, used = excluded.used
            """, resource, hour, (used ?? 0) + 1)
        return (used ?? 0) + 1
    }
}
