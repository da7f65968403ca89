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
        for (name, value) in effectiveSettings(policy.sessions).members { row[name] = value }
        let rest: JSONObject = [
            "elicitation": .strings(policy.elicitationKinds.sorted().map(\.rawValue)),
            "external_hosts": .strings(policy.externalHosts), "ends_connections": .bool(policy.endsConnections),
            "providers": .object(try providers(of: resource, transaction)),
            "actions": .strings(try transaction.resources.actions(of: resource.id).map(\.typed)),
            "scope_reach": .array(resource.scopes.map { .object($0.reach) }),
            "identity_provider": JSON(try transaction.homeRealms.required(at: resource.id)?.string),
        ]
        let events = try ResourceEvents(of: resource, in: transaction)
        for (name, value) in try AccessPolicy(task: task).row(of: resource, transaction).members { row[name] = value }
        for (name, value) in rest.members + events.row.members { row[name] = value }
        return row
    }

    /// The settings for new sessions and tokens, each with its origin: the policy or the configuration.
    private func effectiveSettings(_ policy: SessionPolicy) -> JSONObject {
        let (sessions, tokens) = (administration.sessions, administration.tokens)
        let terms = SessionTerms(policy, sessions)
        func setting(_ value: JSON, _ isPolicy: Bool) -> JSON {
            .object(["value": value, "from": isPolicy ? "policy" : "configuration"])
        }
        func length(_ seconds: Int64?, _ isPolicy: Bool) -> JSON {
            setting(JSON(seconds.map(Lifetime.text)), isPolicy)
        }
        let limits = policy.longest != nil || !policy.choices.isEmpty
        return [
            "longest_session": length(policy.longest ?? terms.choices.last, limits),
            "session_choices": setting(.strings(terms.choices.map(Lifetime.text)), limits),
            "preselected": length(terms.preselected, terms.preselected != sessions.preselected),
            "idle_limit": length(terms.idle, policy.idle != nil),
            "token_life": length(policy.tokenLife ?? tokens.access, policy.tokenLife != nil),
            "service_session": length(
                terms.service, terms.service != SessionTerms.serviceLength || policy.service != nil),
            "client_hosts": setting(.strings(policy.clientHosts), !policy.clientHosts.isEmpty),
            "device_grant": setting(.bool(policy.allowsDevice), !policy.allowsDevice),
        ]
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
