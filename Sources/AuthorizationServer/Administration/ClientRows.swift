import JOSE
import OAuth
import Storage

extension AdministrationTask {
    /// Registered clients, known documents, and the rules that name neither, each as operators see it.
    func clientRows(_ transaction: Transaction) throws -> [JSONObject] {
        let rules = try transaction.clientRules()
        let byClient = Dictionary(rules.map { ($0.target, $0.rule) }) { first, _ in first }
        let registered = try transaction.registeredClients()
        let documents = try transaction.cachedDocuments()
        let listed = Set(registered.map(\.id) + documents.map(\.clientID))
        let others = rules.filter { rule in rule.target.clientID.map { !listed.contains($0) } ?? true }
        return registered.map { $0.row(rule: byClient[.client($0.id)]) }
            + documents.map { $0.row(rule: byClient[.client($0.clientID)]) } + others.map(\.row)
    }

    func clientRow(_ id: ClientID, _ transaction: Transaction) throws -> JSONObject {
        let rule = try transaction.clientRules().first { $0.target == .client(id) }
        if let client = try transaction.registeredClient(id) {
            var row = client.row(rule: rule?.rule)
            row["resources"] = .strings(
                try client.resources.compactMap { try transaction.resource(id: $0)?.identifier.string })
            return row
        }
        if let document = try transaction.cachedDocument(id) { return document.row(rule: rule?.rule) }
        if let rule { return rule.row }
        throw Self.noClient(id)
    }
}

extension RegisteredClient {
    fileprivate func row(rule: ClientRule.Rule?) -> JSONObject {
        [
            "client_id": .string(id.string), "name": .string(name), "kind": "registered", "host": .null,
            "rule": JSON(rule?.rawValue), "auth": .string(authMethod.rawValue),
            "redirect_uris": .strings(redirectURIs.map(\.string)), "created_at": .string(createdAt.rfc3339),
        ]
    }
}

extension CachedDocument {
    fileprivate func row(rule: ClientRule.Rule?) -> JSONObject {
        let metadata = try? ClientMetadataDocument.parse(bytes, expected: clientID).metadata
        return [
            "client_id": .string(clientID.string), "name": JSON(metadata?.name), "kind": "document",
            "host": JSON(clientID.documentHost), "rule": JSON(rule?.rawValue),
            "auth": JSON(metadata?.authMethod.rawValue),
            "redirect_uris": .strings(metadata?.redirectURIs.map(\.string) ?? []),
            "created_at": .string(fetchedAt.rfc3339), "fresh_until": .string(expiresAt.rfc3339),
        ]
    }
}

extension ClientRule {
    /// The rule as operators see it, in the fields of a client.
    var row: JSONObject {
        [
            "client_id": JSON(target.clientID?.string), "name": .null, "kind": "rule", "host": JSON(target.host),
            "rule": .string(rule.rawValue), "auth": .null, "redirect_uris": [],
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}
