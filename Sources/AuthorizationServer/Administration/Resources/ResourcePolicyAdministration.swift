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
        let kinds = try change.kinds.map(Self.checkedKinds)
        let hosts = try change.externalHosts.map { try $0.map(Self.checkedHost) }
        let actions = try change.actions.map { try $0.map(ServerAction.init(typed:)) }
        let endpoint = try change.eventsEndpoint.flatMap { try $0.isEmpty ? nil : Self.checkedEndpoint($0) }
        guard change.sessions.clientHosts == nil || change.access.isEmpty else {
            throw AdministrationError(
                .invalid,
                "Change client hosts and access in two commands, so that each shows the sessions that it revokes.")
        }
        guard !change.isEmpty else {
            return .one(
                try await store.read { transaction in
                    try ResourceReach(task: task).policyRow(of: try self.resource(name, transaction), transaction)
                })
        }
        let (answer, notes, ended) = try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            let before = try transaction.resources.policy(of: resource.id)
            var policy = before
            policy.elicitationKinds = kinds ?? policy.elicitationKinds
            policy.externalHosts = hosts ?? policy.externalHosts
            policy.endsConnections = change.endsConnections ?? policy.endsConnections
            policy.sessions = try policy.sessions.changed(by: change.sessions)
            try transaction.resources.set(policy, of: resource.id)
            if let actions { try transaction.resources.set(actions, of: resource.id) }
            try require(change.identityProvider, at: resource, transaction)
            if !change.reach.isEmpty {
                try transaction.resources.setReach(change.reach.applied(to: resource.scopes), of: resource.id)
            }
            if change.eventsEndpoint != nil {
                try transaction.eventStreams.set(eventsEndpoint: endpoint, of: resource.id, now: now)
            }
            try audit(
                transaction, .policyChanged, resource: resource.id, reason: Self.subject(of: change),
                explanation: reason)
            let ended = try revokeSessions(at: resource, change, reason, transaction)
            let row = try ResourceReach(task: task).policyRow(of: try self.resource(name, transaction), transaction)
            return (row, Self.notes(from: before.sessions, to: policy.sessions, at: resource), ended)
        }
        let count = try await store.endRest(of: ended).count
        let all = notes + [Self.note(revokedSessions: count)].compactMap(\.self)
        let row = change.revokesSessions ? answer.counting(revokedSessions: count) : answer
        return .one(row, note: all.isEmpty ? nil : all.joined(separator: " "))
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

    /// Sets the access rule, and revokes the sessions that the policy no longer allows. The policy alone denies every token; the
    /// revocation is permanent, and sends events to the MCP server.
    private func revokeSessions(
        at resource: Resource, _ change: PolicyChange, _ reason: String?, _ transaction: Transaction
    ) throws -> EndedSessions {
        if !change.access.isEmpty {
            let settings = try AccessPolicy(task: task).changed(resource, change.access, transaction)
            try transaction.access.set(settings, of: resource.id)
            guard change.access.narrowsAccess else { return EndedSessions() }
            return try transaction.sessions.end(
                AccessLoss.filters(at: resource.id, under: settings.list), ending(.accessLost, reason))
        }
        guard change.sessions.clientHosts != nil else { return EndedSessions() }
        return try transaction.sessions.endExcluded(at: resource.id, ending(.hostExcluded, reason))
    }

    /// The remarks about live sessions and tokens, to which a change does not apply.
    private static func notes(from old: SessionPolicy, to new: SessionPolicy, at resource: Resource) -> [String] {
        var notes: [String] = []
        if (old.longest, old.idle, old.service) != (new.longest, new.idle, new.service) || old.choices != new.choices {
            notes.append(
                "Live sessions keep their expiry and idle timeout. Revoke them with 'gatehouse sessions revoke --resource "
                    + "\(resource.id)'.")
        }
        if old.allowsDevice, !new.allowsDevice {
            notes.append("Sessions that began on a device stay live. 'gatehouse sessions show ID' says how one began.")
        }
        if old.tokenLife != new.tokenLife { notes.append("The new lifetime applies to tokens issued from now on.") }
        return notes
    }

    private static func checkedKinds(_ words: [String]) throws -> Set<ElicitationKind> {
        Set(
            try words.map { word in
                guard let kind = ElicitationKind(rawValue: word) else {
                    let known = ElicitationKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw AdministrationError(
                        .invalid, "'\(word)' is not a kind of elicitation. The kinds are \(known).")
                }
                return kind
            })
    }

    static func checkedEndpoint(_ text: String) throws -> String {
        do {
            _ = try RemoteURL(operator: text)
            return text
        } catch {
            throw AdministrationError(.invalid, "The events endpoint is invalid: \(error).")
        }
    }

    /// A host as in an https URL, with a port if that is not 443.
    private static func checkedHost(_ text: String) throws -> String {
        let typed = text.lowercased()
        let host = typed.hasSuffix(":443") ? String(typed.dropLast(4)) : typed
        guard let url = try? RemoteURL(operator: "https://\(host)/"), url.hostField == host else {
            throw AdministrationError(
                .invalid, "'\(text)' is not a host. Write it as pay.example or pay.example:8443, without https://.")
        }
        return host
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
