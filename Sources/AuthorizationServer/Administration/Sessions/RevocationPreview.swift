import JOSE
import OAuth
import Storage

/// The sessions that a request would revoke, for the confirmation before it.
struct RevocationPreview: AdministrationNoun {
    let task: AdministrationTask

    /// The maximum number of sessions in a preview.
    private static let mostShown = 10

    /// The live sessions that the request would revoke now. Names are looked up as in the request itself, so that an unknown name
    /// fails before the confirmation.
    func preview(of request: AdministrationRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filters = try self.filters(of: request, transaction)
            let counts = try transaction.sessionReports.liveCounts(filters, now: now)
            let newest = try transaction.sessionReports.newestLive(filters, limit: Self.mostShown, now: now)
            return .many(
                try SessionAdministration(task: task).rows(newest, transaction),
                note: counts.sentence(shown: newest.count))
        }
    }

    /// The filters of the sessions that a request revokes; none for a request that revokes no session.
    private func filters(of request: AdministrationRequest, _ transaction: Transaction) throws -> [SessionFilter] {
        switch request {
        case .users(.disable(let name, _)):
            return [SessionFilter(user: try user(name, transaction).id)]
        case .users(.setPassword(let name, _, let endsSessions)):
            let user = try user(name, transaction).id
            return endsSessions ? [SessionFilter(user: user)] : []
        case .resources(.remove(let name, _)):
            return [SessionFilter(resource: try resource(name, transaction).id)]
        case .resources(.policy(let name, let change, _)):
            let resource = try resource(name, transaction).id
            guard let hosts = try change.sessions.clientHosts.map(SessionPolicy.hosts) else { return [] }
            return try transaction.sessionHosts.filters(at: resource, outside: hosts)
        case .clients(.remove(let id, _)):
            return [SessionFilter(client: try ClientID(id))]
        case .clients(.block(let name, _)):
            return try transaction.sessionHosts.filters(
                coveredBy: ClientRuleAdministration(task: task).ruleTarget(name, transaction).target)
        case .sessions(.revoke(let selection, _)):
            return try SessionLookup(task: task).filters(selection, transaction).each
        case .users, .resources, .clients, .sessions, .elicitations, .jobs, .events, .providers, .connections, .keys,
            .audit, .report, .database, .doctor, .preview:
            return []
        }
    }
}

extension LiveSessionCounts {
    /// The sentence above the question, which begins with the number of sessions: the command line reads it from there. Nil for
    /// no session.
    fileprivate func sentence(shown: Int) -> String? {
        guard sessions > 0 else { return nil }
        func count(_ number: Int64, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
        let scale = [
            count(sessions, "live session"), "of " + count(people, "user"), "with " + count(clients, "client"),
            "at " + count(resources, "MCP server"),
        ].joined(separator: " ")
        return scale + (sessions > shown ? "; the newest \(shown) are shown." : ".")
    }
}
