import JOSE
import OAuth
import Storage

/// The row of `resources show`, with the policy in effect.
struct ResourceReach: AdministrationNoun {
    let task: AdministrationTask

    /// The MCP server, its live sessions and its policy.
    func show(_ name: String) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let resource = try self.resource(name, transaction)
            let live = try transaction.sessionReports.liveCount(at: resource.id, atMost: Self.mostCounted + 1, now: now)
            var row = resource.row
            row["permitted_clients"] = .strings(
                try transaction.clientPermissions.list(at: resource.id, limit: Self.mostCounted).map {
                    "\($0.clientID): \($0.scope)"
                })
            let replaced = try transaction.replacedSecrets.find(of: resource.id)
            row["previous_secret_until"] = JSON(replaced?.endsAt)
            row["previous_secret_used_at"] = JSON(replaced?.usedAt)
            row["live_sessions"] = .integer(Int64(min(live, Self.mostCounted)))
            for (name, value) in try policyRow(of: resource, transaction).members { row[name] = value }
            return .one(row, warning: live > Self.mostCounted ? Self.manySessions : nil)
        }
    }

    /// The policy of an MCP server, and the state of its event delivery.
    func policyRow(of resource: Resource, _ transaction: Transaction) throws -> JSONObject {
        let policy = try transaction.resources.policy(of: resource.id)
        var row: JSONObject = ["id": .string(resource.id.string), "resource": .string(resource.identifier.string)]
        for (name, value) in effectiveSettings(policy).members { row[name] = value }
        let rest: JSONObject = [
            "providers": .object(try providers(of: resource, transaction)),
            "actions": .strings(try transaction.resources.actions(of: resource.id).map(\.typed)),
            "scope_reach": .array(resource.scopes.map { .object($0.reach) }),
            "identity_provider": JSON(try transaction.homeRealms.required(at: resource.id)?.string),
        ]
        let events = try ResourceEvents(of: resource, in: transaction)
        for (name, value) in try AccessPolicy(task: task).row(of: resource, transaction).members { row[name] = value }
        let configured = PolicySetting.Configured(sessions: administration.sessions, tokens: administration.tokens)
        for setting in PolicySetting.elicitation { row[setting.name] = setting.show(policy, configured) }
        for (name, value) in rest.members + events.row.members { row[name] = value }
        return row
    }

    /// The settings for new sessions and tokens, each with its origin: the policy or the configuration.
    private func effectiveSettings(_ policy: ResourcePolicy) -> JSONObject {
        let configured = PolicySetting.Configured(sessions: administration.sessions, tokens: administration.tokens)
        var row = JSONObject()
        for setting in PolicySetting.sessions {
            row[setting.name] = setting.show(policy, configured)
            guard setting.name == "session_choices" else { continue }
            let preselected = SessionTerms(policy.sessions, configured.sessions).preselected
            row["preselected"] = PolicySetting.origin(
                PolicySetting.length(preselected), preselected != configured.sessions.preselected)
        }
        return row
    }

    /// The scopes that it may request from each provider.
    private func providers(of resource: Resource, _ transaction: Transaction) throws -> JSONObject {
        var row = JSONObject()
        for rule in try transaction.providers.rules() where rule.resourceID == resource.id {
            row[rule.provider.string] = .strings(rule.scope.scopes.map(\.string))
        }
        return row
    }

    /// The limit for counting live sessions, which bounds the read.
    private static let mostCounted = 10_000
    private static let manySessions = "More than \(mostCounted) sessions are live; the count stops there."
}
