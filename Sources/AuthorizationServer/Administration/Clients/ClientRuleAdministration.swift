import JOSE
import OAuth
import Outbound
import Storage

/// The administration of the rules that allow and block clients and hosts.
struct ClientRuleAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// Sets a rule. A block revokes the sessions of the clients that it matches.
    func set(
        _ rule: ClientRule.Rule, for name: String, _ reason: String?, acceptsTokenEndpoint: Bool = false,
        allowsDevice: Bool = false
    ) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (entry, ended, warning) = try await store.write { transaction in
            let (target, unknown) = try self.ruleTarget(name, transaction)
            let entry = ClientRule(
                target, rule, acceptsTokenEndpoint: acceptsTokenEndpoint, allowsDevice: allowsDevice, createdAt: now)
            let ended = try set(entry, reason, transaction)
            guard rule == .block else {
                let warnings = [unknown, try self.remainingBlock(of: target, transaction)].compactMap(\.self)
                return (entry, ended, warnings.isEmpty ? nil : warnings.joined(separator: " "))
            }
            return (entry, ended, unknown)
        }
        guard rule == .block else { return .one(entry.row, warning: warning) }
        let count = try await store.endRest(of: ended).count
        return .one(
            entry.row.counting(revokedSessions: count), note: Self.note(revokedSessions: count), warning: warning)
    }

    /// Sets a rule with its record, and begins to end the sessions that a block covers.
    func set(_ entry: ClientRule, _ reason: String?, _ transaction: Transaction) throws -> EndedSessions {
        try transaction.clientRules.set(entry)
        try audit(
            transaction, entry.rule == .block ? .clientBlocked : .clientAllowed, client: entry.target.clientID,
            reason: Self.remark(on: entry), explanation: reason)
        guard entry.rule == .block else { return EndedSessions() }
        // The rule alone denies every token. Revoking the sessions is permanent, and sends events to the MCP servers.
        return try transaction.sessions.end(
            transaction.sessionHosts.filters(coveredBy: entry.target), ending(.clientBlocked, reason))
    }

    /// Removes a rule with its record.
    func remove(_ rule: ClientRule, _ reason: String?, _ transaction: Transaction) throws {
        _ = try transaction.clientRules.remove(about: rule.target)
        try audit(
            transaction, .clientRuleRemoved, client: rule.target.clientID,
            reason: rule.target.host.map { "host \($0)" }, explanation: reason)
    }

    /// One page of the rules, those about clients first.
    func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { try transaction.clientRules.list(named: $0).last?.target }
            let page = try Page(
                request, of: "rule", read: { try transaction.clientRules.list(after: place, limit: $0) },
                place: { $0.target.name })
            return .many(page.items.map(\.ruleRow), warning: page.warning, next: page.next)
        }
    }

    /// Removes the rules of a name, so that the configuration applies again.
    func remove(_ name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            let rules = try transaction.clientRules.list(named: name)
            guard !rules.isEmpty else {
                throw AdministrationError(
                    .notFound, "Rule '\(name)' not found. List rules with 'gatehouse clients rules list'.")
            }
            for rule in rules { try remove(rule, reason, transaction) }
            return .many(
                rules.map(\.ruleRow),
                note: "The configuration applies again. Sessions that a block revoked stay revoked.")
        }
    }

    /// The client or host of this name, and a warning if neither is known here. A name that no client or host can have is an
    /// error.
    func ruleTarget(_ text: String, _ transaction: Transaction) throws -> (target: ClientRule.Target, unknown: String?)
    {
        // The ID of a registered client may look like a host; an existing client takes precedence.
        if let id = try? ClientID(text), try isKnown(id, transaction) { return (.client(id), nil) }
        if let id = try? ClientID(text), let host = id.documentHost {
            return (
                .client(id),
                "Client '\(id)' is not known yet; the rule applies once it appears. To name all clients of its host, use "
                    + "'\(host)'."
            )
        }
        if let id = try? ClientID(text), id.isSelfRegistered {
            return (.client(id), "Client '\(id)' is not known yet; the rule applies once it registers itself.")
        }
        let host = text.lowercased()
        guard (try? HostPattern(host)) != nil else { throw Self.noTarget(text) }
        let isKnown = try transaction.clientRules.clientHosts().contains { ClientRule.Target.covers(host, $0) }
        guard isKnown || host == "*" || host == "localhost" || host.contains(".") else { throw Self.noTarget(text) }
        return (
            .host(host), isKnown ? nil : "No client of '\(host)' is known yet; the rule applies once one appears."
        )
    }

    /// A warning if a block under another name is still in effect. An allowance replaces only a block of the same name.
    private func remainingBlock(of target: ClientRule.Target, _ transaction: Transaction) throws -> String? {
        let host = target.clientID.map(\.documentHost) ?? target.host
        guard let block = try transaction.clientRules.block(client: target.clientID, host: host) else { return nil }
        let name = block.target.name
        return "'\(name)' is blocked, and a block takes precedence. Remove it with 'gatehouse clients rules remove "
            + "\(ShellWord.quoted(name))'."
    }

    /// What the audit record of a rule says beside its client.
    private static func remark(on rule: ClientRule) -> String? {
        let parts = [
            rule.target.host.map { "host \($0)" }, rule.acceptsTokenEndpoint ? "with audience token-endpoint" : nil,
            rule.allowsDevice ? "with device grant" : nil,
        ]
        let remark = parts.compactMap(\.self).joined(separator: " ")
        return remark.isEmpty ? nil : remark
    }

    private static func noTarget(_ text: String) -> AdministrationError {
        let (host, port) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" }.dropFirst())
        if UInt16(port) != nil, (try? HostPattern(String(host))) != nil {
            return AdministrationError(
                .invalid, "A host includes all its ports. Use '\(host)' instead of '\(text)'.")
        }
        return AdministrationError(
            .notFound,
            "Client '\(text)' not found, and it is not a host. List clients with 'gatehouse clients list'. Write a host as "
                + "app.example, or as *.example for all its subdomains.")
    }
}

extension ClientRule.Target {
    /// The client that the rule names, if any.
    var clientID: ClientID? { if case .client(let id) = self { id } else { nil } }
    /// The host or the pattern of hosts that the rule names, if any.
    var host: String? { if case .host(let host) = self { host } else { nil } }

    /// Whether the text is a name with a dot, or `localhost`.
    static func isHost(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1 || text == "localhost" else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }
}

extension ClientRule {
    /// The row of a rule in the list of rules; `rules remove` accepts its name.
    fileprivate var ruleRow: JSONObject {
        [
            "name": .string(target.name), "about": target.clientID == nil ? "host" : "client",
            "rule": .string(rule.rawValue), "audience": acceptsTokenEndpoint ? "token-endpoint" : .null,
            "device_grant": .bool(allowsDevice),
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}
