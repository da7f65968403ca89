import JOSE
import OAuth
import Storage

/// Gives a registered MCP server further scopes. Live sessions keep theirs; a client gets a new one by an approval.
struct ScopeAddition: AdministrationNoun {
    let task: AdministrationTask

    func add(_ drafts: [ResourceDraft.Scope], to name: String) async throws -> AdministrationAnswer {
        try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            let known = resource.scopes.map { ResourceDraft.Scope($0) }
            let fresh = drafts.filter { draft in !known.contains { $0.name == draft.name } }
            // Read together, because the limit is on all of them.
            let all = try ResourceAdministration(task: task).scopes(known + fresh)
            try transaction.resources.add(Array(all.dropFirst(known.count)), to: resource.id)
            let row = try self.resource(name, transaction).row
            if !fresh.isEmpty {
                try audit(
                    transaction, .policyChanged, resource: resource.id, reason: "scopes",
                    changes: AuditChange.between(resource.row, and: row))
            }
            return .one(row)
        }
    }
}

extension ResourceDraft.Scope {
    init(_ scope: ResourceScope) {
        self.init(name: scope.scope.string, description: scope.description, onRequest: scope.onRequest)
    }
}
