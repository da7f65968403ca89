import JOSE
import OAuth
import Outbound
import Storage

/// The administration of an MCP server's policy.
struct ResourcePolicyAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// Changes the given settings, and shows the resulting policy.
    func change(
        _ name: String, _ change: PolicyChange, _ reason: String?
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let checked = try Self.checked(change)
        guard !change.isEmpty else {
            return .one(
                try await store.read { transaction in
                    try ResourceReach(task: task).policyRow(of: try self.resource(name, transaction), transaction)
                })
        }
        let (answer, notes, ended) = try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            let before = try transaction.resources.policy(of: resource.id)
            let ended = try carryOut(checked, at: resource, reason, transaction)
            let policy = try transaction.resources.policy(of: resource.id)
            let row = try ResourceReach(task: task).policyRow(of: try self.resource(name, transaction), transaction)
            return (row, Self.remarks(from: before, to: policy, at: resource), ended)
        }
        let count = try await store.endRest(of: ended).count
        let all = notes + [Self.note(revokedSessions: count)].compactMap(\.self)
        let row = change.revokesSessions ? answer.counting(revokedSessions: count) : answer
        return .one(row, note: all.isEmpty ? nil : all.joined(separator: " "))
    }

    /// A change of which everything is checked that needs no database.
    struct CheckedChange {
        let change: PolicyChange
        let actions: [ServerAction]?
        let endpoint: String?
    }

    /// The checked change; throws for the first value that is invalid, whatever the MCP server.
    static func checked(_ change: PolicyChange) throws -> CheckedChange {
        _ = try ResourcePolicy().changed(by: change.settings)
        guard !change.excludesClients || change.access.isEmpty else {
            throw AdministrationError(
                .invalid,
                "Change client hosts and access in two commands, so that each shows the sessions that it revokes.")
        }
        return CheckedChange(
            change: change, actions: try change.actions.map { try $0.map(ServerAction.init(typed:)) },
            endpoint: try change.eventsEndpoint.flatMap { try $0.isEmpty ? nil : checkedEndpoint($0) })
    }

    /// Writes a change with its record, and begins to end the sessions that the policy no longer allows.
    func carryOut(
        _ checked: CheckedChange, at resource: Resource, _ reason: String?, _ transaction: Transaction
    ) throws -> EndedSessions {
        let change = checked.change
        let reach = ResourceReach(task: task)
        let before = try reach.policyRow(of: resource, transaction)
        let policy = try transaction.resources.policy(of: resource.id).changed(by: change.settings)
        try transaction.resources.set(policy, of: resource.id)
        if let actions = checked.actions { try transaction.resources.set(actions, of: resource.id) }
        try require(change.identityProvider, at: resource, transaction)
        if !change.reach.isEmpty {
            try transaction.resources.setReach(change.reach.applied(to: resource.scopes), of: resource.id)
        }
        if change.eventsEndpoint != nil {
            try transaction.eventStreams.set(eventsEndpoint: checked.endpoint, of: resource.id, now: now)
        }
        let access = try setAccess(of: resource, change, transaction)
        let after = try reach.policyRow(of: transaction.resources.find(id: resource.id) ?? resource, transaction)
        try audit(
            transaction, .policyChanged, resource: resource.id, reason: Self.subject(of: change), explanation: reason,
            changes: AuditChange.between(before, and: after))
        return try revokeSessions(at: resource, change, access, reason, transaction)
    }

    /// Sets the identity provider at which the users have to sign in. It applies to the next approval, and ends no session.
    private func require(_ provider: String?, at resource: Resource, _ transaction: Transaction) throws {
        guard let provider else { return }
        let found =
            provider.isEmpty
            ? nil : try IdentityProviderAdministration(task: task).identityProvider(provider, transaction).name
        try transaction.homeRealms.require(found, at: resource.id)
    }

    /// What the record names of a change: the settings that decide who gets in. Nil for any other.
    private static func subject(of change: PolicyChange) -> String? {
        let provider = change.identityProvider.map { $0.isEmpty ? "no identity provider" : "identity provider \($0)" }
        let subjects = [change.access.isEmpty ? nil : "access rule", provider].compactMap(\.self)
        return subjects.isEmpty ? nil : subjects.joined(separator: ", ")
    }

    /// Sets the access rule and returns it; nil for a change of other settings.
    private func setAccess(
        of resource: Resource, _ change: PolicyChange, _ transaction: Transaction
    ) throws -> AccessSettings? {
        guard !change.access.isEmpty else { return nil }
        let settings = try AccessPolicy(task: task).changed(resource, change.access, transaction)
        try transaction.access.set(settings, of: resource.id)
        return settings
    }

    /// Revokes the sessions that the policy no longer allows. The policy alone denies every token; the revocation is permanent, and
    /// sends events to the MCP server.
    private func revokeSessions(
        at resource: Resource, _ change: PolicyChange, _ access: AccessSettings?, _ reason: String?,
        _ transaction: Transaction
    ) throws -> EndedSessions {
        if let settings = access {
            guard change.access.narrowsAccess else { return EndedSessions() }
            return try transaction.sessions.end(
                AccessLoss.filters(at: resource.id, under: settings.list), ending(.accessLost, reason))
        }
        guard change.excludesClients else { return EndedSessions() }
        return try transaction.sessions.endExcluded(at: resource.id, ending(.hostExcluded, reason))
    }

    /// The remarks about live sessions and tokens, to which a change does not apply; each once.
    private static func remarks(from old: ResourcePolicy, to new: ResourcePolicy, at resource: Resource) -> [String] {
        PolicySetting.all.compactMap { $0.remark(old, new, resource) }.reduce(into: []) { remarks, remark in
            if !remarks.contains(remark) { remarks.append(remark) }
        }
    }

    static func checkedEndpoint(_ text: String) throws -> String {
        do {
            _ = try RemoteURL(operator: text)
            return text
        } catch {
            throw AdministrationError(.invalid, "The events endpoint is invalid: \(error).")
        }
    }
}

extension ServerAction {
    /// Parses `NAME`, `NAME=ask` or `NAME=ask SCOPE SCOPE`.
    fileprivate init(typed text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let words = (parts.count > 1 ? parts[1] : "allow").split(separator: " ").map(String.init)
        guard let name = try? ActionName(parts[0]), let rule = Rule(rawValue: words.first ?? ""),
            let scope = try? ScopeSet(words.dropFirst().map { try Scope($0) })
        else {
            throw AdministrationError(
                .invalid,
                "'\(text)' is not an action. Write it as NAME, NAME=ask or 'NAME=allow SCOPE', such as close_books=ask."
            )
        }
        self.init(name: name, rule: rule, scope: scope)
    }

    /// The action as an administrator types it.
    var typed: String { "\(name)=\(rule.rawValue)" + (scope.isEmpty ? "" : " \(scope)") }
}
