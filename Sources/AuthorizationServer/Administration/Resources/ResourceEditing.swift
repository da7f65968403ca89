import JOSE
import OAuth
import Storage

/// What a change does to an MCP server and to its sessions, worked out before anything is written.
struct ResourceEdit {
    let resource: Resource
    let name: String
    let owner: String
    /// The scopes that are described anew, and those that are new.
    let described: [ResourceScope]
    let added: [ResourceScope]
    let withdrawn: ScopeSet
    /// The withdrawn scopes that only some groups may have. If they are added again, everybody may have them.
    let forgotten: ScopeSet
    /// The events endpoint after the change; nil for an MCP server that polls.
    let eventsEndpoint: String?

    /// The properties that get another value.
    var changes: [FieldChange] {
        let old = Dictionary(uniqueKeysWithValues: resource.scopes.map { ($0.scope, $0) })
        return [
            FieldChange("name", from: resource.name, to: name), FieldChange("owner", from: resource.owner, to: owner),
            FieldChange("events endpoint", from: resource.eventsEndpoint, to: eventsEndpoint),
        ].compactMap(\.self)
            + described.compactMap {
                FieldChange("scope \($0.scope)", from: old[$0.scope].map(Self.text), to: Self.text($0))
            } + added.compactMap { FieldChange("scope \($0.scope)", from: nil, to: Self.text($0)) }
            + withdrawn.scopes.compactMap { FieldChange("scope \($0)", from: old[$0].map(Self.text), to: nil) }
    }

    /// The sessions that the withdrawal leaves without a scope.
    var ends: [SessionFilter] {
        withdrawn.isEmpty ? [] : [SessionFilter(resource: resource.id, scopes: .every(of: withdrawn))]
    }

    /// The sessions that lose a scope, also those that end.
    var narrows: [SessionFilter] {
        withdrawn.isEmpty ? [] : [SessionFilter(resource: resource.id, scopes: .any(of: withdrawn))]
    }

    private static func text(_ scope: ResourceScope) -> String {
        scope.description + (scope.onRequest ? " (on request)" : "")
    }
}

/// Changes registered MCP servers: owner, name, scopes and events endpoint.
///
/// A session keeps what the change leaves it. Only one that has no scope any more ends.
struct ResourceEditing: AdministrationNoun {
    let task: AdministrationTask

    func edit(
        _ name: String, _ change: ResourceChange, _ reason: String?, isDryRun: Bool
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        if isDryRun {
            return try await store.read { transaction in
                let edit = try plan(self.resource(name, transaction), change, transaction)
                let counts = try self.counts(of: edit, transaction)
                return .one(
                    self.row(of: edit, edit.resource.row, counts),
                    note: Self.note(edit, counts, narrows: "would lose", ends: "would be revoked"))
            }
        }
        let (row, note, ended) = try await store.write { transaction in
            let edit = try plan(self.resource(name, transaction), change, transaction)
            let counts = try self.counts(of: edit, transaction)
            let ended = try carryOut(edit, reason, transaction)
            let row = self.row(of: edit, try self.resource(name, transaction).row, counts)
            return (row, Self.note(edit, counts, narrows: "lost", ends: "was revoked"), ended)
        }
        let count = try await store.endRest(of: ended).count
        return .one(row.counting(revokedSessions: count), note: note)
    }

    /// What the change would do. Throws for the first part that is unknown or invalid.
    func plan(_ resource: Resource, _ change: ResourceChange, _ transaction: Transaction) throws -> ResourceEdit {
        if let identifier = change.identifier {
            guard try ResourceIdentifier(identifier).comparable == resource.identifier.comparable else {
                throw AdministrationError(
                    .invalid,
                    "The metadata is that of '\(identifier)', not of '\(resource.identifier)'. Nothing was changed.")
            }
        }
        try requireOwnProviders(of: resource, under: change.owner, transaction)
        let withdrawn = try withdrawn(change, at: resource, transaction)
        var (described, added): ([ResourceScope], [ResourceDraft.Scope]) = ([], [])
        for scope in change.scopes {
            guard let known = resource.scopes.first(where: { $0.scope.string == scope.name }) else {
                added.append(
                    ResourceDraft.Scope(
                        name: scope.name, description: scope.description ?? scope.name,
                        onRequest: scope.onRequest ?? false))
                continue
            }
            guard !withdrawn.contains(known.scope) else {
                throw AdministrationError(.invalid, "The scope '\(known.scope)' is both described and withdrawn.")
            }
            described.append(try Self.described(known, scope))
        }
        // Read together, because the limit is on all of them.
        let kept = resource.scopes.filter { !withdrawn.contains($0.scope) }.map { ResourceDraft.Scope($0) }
        let all = try ResourceAdministration(task: task).scopes(kept + added)
        return ResourceEdit(
            resource: resource,
            name: try change.name.map { try AdministrationText.checked($0, as: "The name") }
                ?? resource.name,
            owner: try change.owner.map { try AdministrationText.checked($0, as: "The owner") } ?? resource.owner,
            described: described, added: Array(all.dropFirst(kept.count)), withdrawn: withdrawn,
            forgotten: withdrawn.intersection(
                ScopeSet(try transaction.access.settings(of: resource.id).scopes.keys.sorted())),
            eventsEndpoint: try change.eventsEndpoint.map {
                $0.isEmpty ? nil : try ResourcePolicyAdministration.checkedEndpoint($0)
            } ?? resource.eventsEndpoint)
    }

    /// Writes the change with its record, and begins to end the sessions that it leaves without a scope.
    func carryOut(_ edit: ResourceEdit, _ reason: String?, _ transaction: Transaction) throws -> EndedSessions {
        let (id, changes) = (edit.resource.id, edit.changes)
        guard !changes.isEmpty else { return EndedSessions() }
        let edits = transaction.resourceEdits
        try edits.set(name: edit.name, owner: edit.owner, of: id)
        for scope in edit.described { try edits.describe(scope, of: id) }
        if !edit.withdrawn.isEmpty { try edits.withdraw(edit.withdrawn, from: id, now: now) }
        try transaction.resources.add(edit.added, to: id)
        if edit.eventsEndpoint != edit.resource.eventsEndpoint {
            try transaction.eventStreams.set(eventsEndpoint: edit.eventsEndpoint, of: id, now: now)
        }
        try audit(
            transaction, .resourceChanged, resource: id, reason: changes.map(\.field).joined(separator: ", "),
            explanation: reason, changes: changes.map(\.recorded))
        return try transaction.sessions.end(edit.ends, ending(.scopesWithdrawn, reason))
    }

    /// A provider is for MCP servers of its own owner only, so that nobody uses accounts that users connected for another owner.
    private func requireOwnProviders(
        of resource: Resource, under owner: String?, _ transaction: Transaction
    ) throws {
        guard let owner, owner != resource.owner else { return }
        let foreign = try transaction.providers.rules().first { rule in
            guard rule.resourceID == resource.id else { return false }
            return try transaction.providers.find(rule.provider)?.owner != owner
        }
        guard let foreign else { return }
        throw AdministrationError(
            .conflict,
            "The MCP server may use the provider '\(foreign.provider)', which belongs to \(resource.owner). Withdraw that first with "
                + "'gatehouse providers allow --revoke', then add a provider for \(owner).")
    }

    private func withdrawn(
        _ change: ResourceChange, at resource: Resource, _ transaction: Transaction
    ) throws -> ScopeSet {
        let withdrawn = ScopeSet(try change.withdrawn.map { try Scope($0) })
        let known = resource.catalogue.known
        if let unknown = withdrawn.subtracting(known).scopes.first {
            let nearest = NearestName.of(unknown.string, among: known.scopes.map(\.string))
            throw AdministrationError(
                .invalid,
                "\(resource.identifier) has no scope '\(unknown)'."
                    + (nearest.map { " Did you mean '\($0)'?" } ?? ""))
        }
        // An action that demands a scope that nobody can have is never allowed; that is for the administrator to decide.
        let actions = try transaction.resources.actions(of: resource.id)
        if let action = actions.first(where: { !$0.scope.intersection(withdrawn).isEmpty }) {
            throw AdministrationError(
                .conflict,
                "The action '\(action.name)' demands the scope '\(action.scope.intersection(withdrawn))'. Change the actions "
                    + "first with 'gatehouse resources policy \(resource.id) --action'.")
        }
        return withdrawn
    }

    private static func described(
        _ known: ResourceScope, _ change: ResourceChange.Scope
    ) throws(AdministrationError) -> ResourceScope {
        let description =
            try change.description.map { text throws(AdministrationError) in
                try AdministrationText.checked(text, as: "The description of \(known.scope)")
            } ?? known.description
        return ResourceScope(
            scope: known.scope, description: description, onRequest: change.onRequest ?? known.onRequest,
            implies: known.implies, tools: known.tools, freshSeconds: known.freshSeconds)
    }

    // MARK: What it does to sessions

    private struct Counts {
        let narrowed: Int64
        let ended: Int64
    }

    private func counts(of edit: ResourceEdit, _ transaction: Transaction) throws -> Counts {
        guard !edit.withdrawn.isEmpty else { return Counts(narrowed: 0, ended: 0) }
        let losing = try transaction.sessionReports.liveCounts(edit.narrows, now: now).sessions
        let ending = try transaction.sessionReports.liveCounts(edit.ends, now: now).sessions
        return Counts(narrowed: losing - ending, ended: ending)
    }

    private func row(of edit: ResourceEdit, _ resource: JSONObject, _ counts: Counts) -> JSONObject {
        var row = resource
        row["changes"] = .array(edit.changes.map(\.row))
        row["sessions_narrowed"] = .integer(counts.narrowed)
        row["sessions_ended"] = .integer(counts.ended)
        return row
    }

    private static func note(_ edit: ResourceEdit, _ counts: Counts, narrows: String, ends: String) -> String? {
        guard !edit.changes.isEmpty else { return "Nothing changes." }
        guard !edit.withdrawn.isEmpty else { return nil }
        func sessions(_ count: Int64) -> String { "\(count) live session\(count == 1 ? "" : "s")" }
        let tokens =
            " An MCP server that verifies tokens locally sees a withdrawn scope until the token expires; introspection "
            + "leaves it out at once."
        return "\(sessions(counts.narrowed)) \(narrows) a scope and keep the others; \(sessions(counts.ended)) \(ends) "
            + "for want of another." + tokens
            + (edit.forgotten.isEmpty
                ? "" : " The groups of \(edit.forgotten) are forgotten: added again, everybody may have it.")
    }
}
