import JOSE
import OAuth
import Storage

/// Clients as operators see them: registered ones, known documents, and the rules that name neither.
struct ClientRows: AdministrationNoun {
    let task: AdministrationTask

    /// One page of all of them.
    func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { try ClientCursor($0, transaction) }
            let page = try Page(
                request, of: "client", read: { try self.listed(after: place, limit: $0, transaction) },
                place: \.place)
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    /// One kind behind the other, until there are enough.
    private func listed(
        after place: ClientCursor?, limit: Int, _ transaction: Transaction
    ) throws -> [(place: String, row: JSONObject)] {
        var (found, start): ([(place: String, row: JSONObject)], ClientCursor) = ([], place ?? .registered(nil))
        if case .registered(let id) = start {
            found += try transaction.clients.list(after: id, limit: limit).map { client in
                (client.id.string, client.row(rule: try transaction.clientRules.find(client.id)))
            }
            start = .document(nil)
        }
        if case .document(let id) = start {
            found += try transaction.documents.list(after: id, limit: limit - found.count).map { document in
                (document.clientID.string, document.row(rule: try transaction.clientRules.find(document.clientID)))
            }
            start = .rule(nil)
        }
        if case .rule(let target) = start {
            found += try transaction.clientRules.others(after: target, limit: limit - found.count).map { rule in
                (rule.target.clientID?.string ?? rule.target.host ?? "", rule.row)
            }
        }
        return found
    }

    func row(_ id: ClientID, _ transaction: Transaction) throws -> JSONObject {
        guard let row = try rowIfAny(id, transaction) else { throw Self.noClient(id) }
        return row
    }

    /// Nil for a client that is neither registered nor known by a document or a rule.
    func rowIfAny(_ id: ClientID, _ transaction: Transaction) throws -> JSONObject? {
        let rule = try transaction.clientRules.find(about: .client(id))
        if let client = try transaction.clients.find(id) {
            var row = client.row(rule: rule?.rule)
            row["resources"] = .strings(
                try client.resources.compactMap { try transaction.resources.find(id: $0)?.identifier.string })
            return row
        }
        if let document = try transaction.documents.find(id) { return document.row(rule: rule?.rule) }
        return rule?.row
    }
}

/// Where a page of clients ended; nothing named is the beginning of that kind.
private enum ClientCursor {
    case registered(ClientID?)
    case document(ClientID?)
    case rule(ClientRule.Target?)

    /// Behind the client or host of this name; nil when there is none in the list.
    init?(_ text: String, _ transaction: Transaction) throws {
        if let id = try? ClientID(text), try transaction.clients.find(id) != nil {
            self = .registered(id)
        } else if let id = try? ClientID(text), try transaction.documents.find(id) != nil {
            self = .document(id)
        } else if let rule = try transaction.clientRules.list(named: text).last {
            self = .rule(rule.target)
        } else {
            return nil
        }
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
