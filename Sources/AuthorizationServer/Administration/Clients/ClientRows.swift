import JOSE
import OAuth
import Storage

/// The rows of clients: registered ones, known metadata documents, those that registered themselves, and rules about other
/// clients and hosts.
struct ClientRows: AdministrationNoun {
    let task: AdministrationTask

    /// One page of all rows.
    func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { try ClientCursor($0, transaction) }
            let page = try Page(
                request, of: "client", read: { try self.listed(after: place, limit: $0, transaction) },
                place: \.place)
            return .many(page.items.map(\.row), warning: page.warning, next: page.next)
        }
    }

    /// The rows after a cursor, kind by kind, up to the limit.
    private func listed(
        after place: ClientCursor?, limit: Int, _ transaction: Transaction
    ) throws -> [(place: String, row: JSONObject)] {
        var (rows, start): ([(place: String, row: JSONObject)], ClientCursor) = ([], place ?? .registered(nil))
        if case .registered(let id) = start {
            rows += try transaction.clients.list(after: id, limit: limit).map { client in
                (client.id.string, client.row(rule: try transaction.clientRules.find(client.id)))
            }
            start = .document(nil)
        }
        if case .document(let id) = start {
            rows += try transaction.documents.list(after: id, limit: limit - rows.count).map { document in
                (document.clientID.string, document.row(rule: try transaction.clientRules.find(document.clientID)))
            }
            start = .selfRegistered(nil)
        }
        if case .selfRegistered(let id) = start {
            rows += try transaction.dynamicClients.list(after: id, limit: limit - rows.count).map { client in
                (client.id.string, client.row(rule: try transaction.clientRules.find(client.id)))
            }
            start = .rule(nil)
        }
        if case .rule(let target) = start {
            rows += try transaction.clientRules.others(after: target, limit: limit - rows.count).map { rule in
                (rule.target.clientID?.string ?? rule.target.host ?? "", rule.row)
            }
        }
        return rows
    }

    func row(_ id: ClientID, _ transaction: Transaction) throws -> JSONObject {
        guard let row = try rowIfAny(id, transaction) else { throw Self.clientNotFound(id) }
        return row
    }

    /// The row of a client; nil for one without registration, metadata document and rule.
    func rowIfAny(_ id: ClientID, _ transaction: Transaction) throws -> JSONObject? {
        let rule = try transaction.clientRules.find(about: .client(id))
        if let client = try transaction.clients.find(id) {
            var row = client.row(rule: rule?.rule)
            for requirement in ClientRequirement.allCases {
                row[requirement.rawValue] = .bool(client.requirements.contains(requirement))
            }
            let replaced = try transaction.replacedClientSecrets.find(of: id)
            row["previous_secret_until"] = JSON(replaced?.endsAt)
            row["previous_secret_used_at"] = JSON(replaced?.usedAt)
            row["device_grant"] = .bool(try DevicePermission.refusal(of: id, in: transaction) == nil)
            row["resources"] = .strings(
                try client.resources.compactMap { try transaction.resources.find(id: $0)?.identifier.string })
            row["permissions"] = .array(
                try ClientPermissionAdministration(task: task).rows(of: id, transaction).map { permission in
                    ["resource": permission["resource"] ?? .null, "scope": permission["scope"] ?? .null]
                })
            return row
        }
        if let document = try transaction.documents.find(id) { return document.row(rule: rule?.rule) }
        if let client = try transaction.dynamicClients.find(id) {
            var row = client.row(rule: rule?.rule)
            let live = try transaction.sessionReports.liveCounts(SessionFilter(client: id), now: now)
            row["live_sessions"] = .integer(live.sessions)
            return row
        }
        return rule?.row
    }
}

/// The cursor of a page of clients: the last row of one kind, or nil for the beginning of that kind.
private enum ClientCursor {
    case registered(ClientID?)
    case document(ClientID?)
    case selfRegistered(ClientID?)
    case rule(ClientRule.Target?)

    /// The cursor after the client or host of this name; nil if the list does not contain it.
    init?(_ text: String, _ transaction: Transaction) throws {
        if let id = try? ClientID(text), try transaction.clients.find(id) != nil {
            self = .registered(id)
        } else if let id = try? ClientID(text), try transaction.documents.find(id) != nil {
            self = .document(id)
        } else if let id = try? ClientID(text), try transaction.dynamicClients.find(id) != nil {
            self = .selfRegistered(id)
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
            "redirect_uris": .strings(redirectURIs.map(\.string)), "keys": JSON(keys?.summary),
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}

extension CachedDocument {
    fileprivate func row(rule: ClientRule.Rule?) -> JSONObject {
        let metadata = try? ClientMetadataDocument.parse(bytes, expected: clientID).metadata
        return [
            "client_id": .string(clientID.string), "name": JSON(metadata?.name), "kind": "document",
            "host": JSON(clientID.documentHost), "rule": JSON(rule?.rawValue),
            "auth": JSON(metadata?.authMethods.map(\.rawValue).joined(separator: " or ")),
            "keys": JSON(metadata?.keys?.summary),
            "redirect_uris": .strings(metadata?.redirectURIs.map(\.string) ?? []),
            "created_at": .string(fetchedAt.rfc3339), "fresh_until": .string(expiresAt.rfc3339),
        ]
    }
}

extension DynamicClient {
    /// The row of a client that registered itself, as "self-registered". Its name is a claim.
    fileprivate func row(rule: ClientRule.Rule?) -> JSONObject {
        let registration = try? ClientRegistration(stored: metadata)
        return [
            "client_id": .string(id.string), "name": JSON(registration?.metadata.name), "kind": "self-registered",
            "host": .null, "rule": JSON(rule?.rawValue), "auth": JSON(registration?.authMethod.rawValue),
            "redirect_uris": .strings(registration?.redirectURIs.map(\.string) ?? []),
            "created_at": .string(registeredAt.rfc3339), "last_registered_at": .string(lastRegisteredAt.rfc3339),
            "approved_at": JSON(usedAt), "network": JSON(network.isEmpty ? nil : network),
            "is_invited": .bool(isInvited),
        ]
    }
}

extension ClientRule {
    /// The row of a rule, with the fields of a client's row.
    var row: JSONObject {
        [
            "client_id": JSON(target.clientID?.string), "name": .null, "kind": "rule", "host": JSON(target.host),
            "rule": .string(rule.rawValue), "auth": .null, "redirect_uris": [], "keys": .null,
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}
