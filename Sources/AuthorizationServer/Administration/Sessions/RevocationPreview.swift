import JOSE
import OAuth
import Storage

/// The sessions that a request would revoke, for the question that comes before it.
struct RevocationPreview: AdministrationNoun {
    let task: AdministrationTask

    /// How many sessions are shown before they are ended.
    private static let previewed = 10

    /// The live sessions that a request would end if it were made now. What the request names is looked up as the request
    /// itself would look it up, so that a wrong name is refused before anybody is asked.
    func preview(of request: AdministrationRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let filters = try self.endings(of: request, transaction)
            let live = try transaction.sessions.liveCounts(filters, now: now)
            let first = try transaction.sessions.newestLive(filters, limit: Self.previewed, now: now)
            return .many(
                try SessionAdministration(task: task).rows(first, transaction), note: live.sentence(shown: first.count))
        }
    }

    /// The sessions that a request ends; none for one that ends none.
    private func endings(of request: AdministrationRequest, _ transaction: Transaction) throws -> [SessionFilter] {
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
            return try transaction.sessions.excluded(at: resource, admitting: hosts)
        case .clients(.remove(let id, _)):
            return [SessionFilter(client: try ClientID(id))]
        case .clients(.block(let name, _)):
            return try transaction.clientRules.sessions(
                of: ClientRuleAdministration(task: task).ruleTarget(name, transaction).target)
        case .sessions(.revoke(let selection, _)):
            return try SessionLookup(task: task).filters(selection, transaction).each
        default:
            return []
        }
    }
}

extension LiveSessionCounts {
    /// What is said before the question.
    fileprivate func sentence(shown: Int) -> String? {
        guard sessions > 0 else { return nil }
        func count(_ number: Int64, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        let whole = [
            count(sessions, "live session", "live sessions"), "of " + count(people, "person", "people"),
            "at " + count(resources, "MCP server", "MCP servers"), "by " + count(clients, "client", "clients"),
        ].joined(separator: " ")
        return whole + (sessions > shown ? ", of which the newest \(shown) are shown." : ".")
    }
}
