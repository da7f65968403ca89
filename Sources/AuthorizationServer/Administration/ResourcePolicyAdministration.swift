import JOSE
import OAuth
import Outbound
import Storage

extension AdministrationTask {
    /// Changes what is named and shows what holds then.
    func policy(of name: String, _ change: PolicyChange) async throws -> AdministrationAnswer {
        let kinds = try change.kinds.map(checkedKinds)
        let hosts = try change.externalHosts.map { try $0.map(checkedHost) }
        let actions = try change.actions.map { try $0.map(ServerAction.init(typed:)) }
        let endpoint = try change.eventsEndpoint.flatMap { try $0.isEmpty ? nil : checkedEndpoint($0) }
        guard !change.isEmpty else {
            return .one(
                try await store.read { transaction in
                    try standing(of: try self.resource(name, transaction), transaction)
                })
        }
        return try await store.write { transaction in
            let resource = try self.resource(name, transaction)
            var policy = try transaction.policy(of: resource.id)
            policy.elicitationKinds = kinds ?? policy.elicitationKinds
            policy.externalHosts = hosts ?? policy.externalHosts
            policy.endsConnections = change.endsConnections ?? policy.endsConnections
            try transaction.set(policy, of: resource.id)
            if let actions { try transaction.set(actions, of: resource.id) }
            if !change.reach.isEmpty {
                try transaction.setReach(change.reach.applied(to: resource.scopes), of: resource.id)
            }
            if change.eventsEndpoint != nil { try transaction.set(eventsEndpoint: endpoint, of: resource.id, now: now) }
            try audit(transaction, .policyChanged, resource: resource.id)
            return .one(try standing(of: try self.resource(name, transaction), transaction))
        }
    }

    func showResource(_ name: String) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let resource = try self.resource(name, transaction)
            var row = resource.row
            for (name, value) in try standing(of: resource, transaction).members { row[name] = value }
            return .one(row)
        }
    }

    /// What an MCP server may ask of people, where its events go, and whether that works.
    private func standing(of resource: Resource, _ transaction: Transaction) throws -> JSONObject {
        let policy = try transaction.policy(of: resource.id)
        let stream = try transaction.eventStream(of: resource.id).flatMap {
            $0.endpoint == resource.eventsEndpoint ? $0 : nil
        }
        let state = resource.eventsEndpoint == nil ? "polled" : (stream?.state ?? .unverified).rawValue
        return [
            "id": .string(resource.id.string), "resource": .string(resource.identifier.string),
            "elicitation": .strings(policy.elicitationKinds.sorted().map(\.rawValue)),
            "external_hosts": .strings(policy.externalHosts), "ends_connections": .bool(policy.endsConnections),
            "actions": .strings(try transaction.serverActions(of: resource.id).map(\.typed)),
            "events_endpoint": JSON(resource.eventsEndpoint),
            "events": .string(state), "events_verified_at": JSON(stream?.verifiedAt),
            "events_last_status": JSON(stream?.lastStatus), "events_last_error": JSON(stream?.lastError),
        ]
    }

    private func checkedKinds(_ words: [String]) throws -> Set<ElicitationKind> {
        Set(
            try words.map { word in
                guard let kind = ElicitationKind(rawValue: word) else {
                    let known = ElicitationKind.allCases.map(\.rawValue).joined(separator: ", ")
                    throw AdministrationError(.invalid, "'\(word)' is no kind of elicitation; there are \(known).")
                }
                return kind
            })
    }

    /// A host, with a port where it is not 443: what the authority of an https URL may be.
    private func checkedHost(_ text: String) throws -> String {
        let typed = text.lowercased()
        let host = typed.hasSuffix(":443") ? String(typed.dropLast(4)) : typed
        guard let url = try? RemoteURL(operator: "https://\(host)/"), url.hostField == host else {
            throw AdministrationError(
                .invalid, "'\(text)' is no host; write it as pay.example or pay.example:8443, without https://.")
        }
        return host
    }
}

extension ServerAction {
    /// Reads `NAME`, `NAME=ask` or `NAME=ask SCOPE SCOPE`.
    fileprivate init(typed text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let words = (parts.count > 1 ? parts[1] : "allow").split(separator: " ").map(String.init)
        guard let name = try? ActionName(parts[0]), let rule = Rule(rawValue: words.first ?? ""),
            let scope = try? ScopeSet(words.dropFirst().map { try Scope($0) })
        else {
            throw AdministrationError(
                .invalid,
                "'\(text)' is no action; write it as NAME, NAME=ask or 'NAME=allow SCOPE', such as close_books=ask.")
        }
        self.init(name: name, rule: rule, scope: scope)
    }

    /// As it is typed.
    fileprivate var typed: String { "\(name)=\(rule.rawValue)" + (scope.isEmpty ? "" : " \(scope)") }
}
