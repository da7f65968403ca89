import JOSE
import OAuth
import Outbound
import Storage

/// The rules by which operators allow and block clients and hosts.
struct ClientRuleAdministration: AdministrationNoun {
    let task: AdministrationTask

    /// Sets a rule; a block ends the sessions that it concerns.
    func set(_ rule: ClientRule.Rule, for name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (entry, ended, warning) = try await store.write { transaction in
            let (target, unknown) = try self.ruleTarget(name, transaction)
            let entry = ClientRule(target, rule, createdAt: now)
            try transaction.clientRules.set(entry)
            try audit(
                transaction, rule == .block ? .clientBlocked : .clientAllowed, client: target.clientID,
                reason: target.host.map { "host \($0)" }, explanation: reason)
            guard rule == .block else {
                // Both are said: the rule waits, and what waits there is blocked.
                let words = [unknown, try self.remainingBlock(of: target, transaction)].compactMap(\.self)
                return (entry, EndedSessions(), words.isEmpty ? nil : words.joined(separator: " "))
            }
            // The rule keeps them from every token already; ending them tells whoever has to know, and is final.
            let ended = try transaction.sessions.end(
                transaction.clientRules.sessions(of: target), ending(.clientBlocked, reason))
            return (entry, ended, unknown)
        }
        guard rule == .block else { return .one(entry.row, warning: warning) }
        let count = try await store.endRest(of: ended).count
        return .one(entry.row.counting(ended: count), note: Self.note(ended: count), warning: warning)
    }

    /// The rules, about clients first.
    func list(_ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let place = try request.place { try transaction.clientRules.list(named: $0).last?.target }
            let page = try Page(
                request, of: "rule", read: { try transaction.clientRules.list(after: place, limit: $0) },
                place: { $0.target.name })
            return .many(page.items.map(\.ruleRow), warning: page.warning, next: page.next)
        }
    }

    /// Forgets what was decided about a name, so that the configuration decides again.
    func remove(_ name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            let rules = try transaction.clientRules.list(named: name)
            guard !rules.isEmpty else {
                throw AdministrationError(
                    .notFound, "There is no rule about '\(name)'; 'gatehouse clients rules list' names them.")
            }
            for rule in rules {
                _ = try transaction.clientRules.remove(about: rule.target)
                try audit(
                    transaction, .clientRuleRemoved, client: rule.target.clientID,
                    reason: rule.target.host.map { "host \($0)" }, explanation: reason)
            }
            return .many(
                rules.map(\.ruleRow), note: "The configuration decides again; sessions that a block ended stay ended.")
        }
    }

    /// Whom an operator means, and what to say when nobody of that name is known here. What nobody can have is refused.
    func ruleTarget(_ text: String, _ transaction: Transaction) throws -> (target: ClientRule.Target, unknown: String?)
    {
        // A registered client's id may look like the name of a host: what is there wins over what could be.
        if let id = try? ClientID(text), try isKnown(id, transaction) { return (.client(id), nil) }
        if let id = try? ClientID(text), let host = id.documentHost {
            return (
                .client(id),
                "No client '\(id)' is known here: the rule is kept and waits for it. Every client of the host is meant by "
                    + "'\(host)'."
            )
        }
        let host = text.lowercased()
        guard (try? HostPattern(host)) != nil else { throw Self.noTarget(text) }
        let isKnown = try transaction.clientRules.clientHosts().contains { ClientRule.Target.covers(host, $0) }
        guard isKnown || host == "*" || host == "localhost" || host.contains(".") else { throw Self.noTarget(text) }
        return (
            .host(host), isKnown ? nil : "No client of '\(host)' is known here: the rule is kept and waits for one."
        )
    }

    /// An allowance lifts the block of the same name alone; one of another name still keeps the client out.
    private func remainingBlock(of target: ClientRule.Target, _ transaction: Transaction) throws -> String? {
        let host = target.clientID.map(\.documentHost) ?? target.host
        guard let block = try transaction.clientRules.block(client: target.clientID, host: host) else { return nil }
        let name = block.target.name
        return
            "'\(name)' is blocked, and a block wins: lift it by 'gatehouse clients rules remove \(ShellWord.quoted(name))'."
    }

    private static func noTarget(_ text: String) -> AdministrationError {
        let (host, port) = (text.prefix { $0 != ":" }, text.drop { $0 != ":" }.dropFirst())
        if UInt16(port) != nil, (try? HostPattern(String(host))) != nil {
            return AdministrationError(
                .invalid, "A rule is about a host with all its ports: write '\(host)' in place of '\(text)'.")
        }
        return AdministrationError(
            .notFound,
            "'\(text)' is no client ('gatehouse clients list' names them) and no host, which is written app.example, or "
                + "*.example for all below one.")
    }
}

extension ClientRule.Target {
    /// The client, if it is about one.
    var clientID: ClientID? { if case .client(let id) = self { id } else { nil } }
    /// The host or the pattern of hosts, if it is about one.
    var host: String? { if case .host(let host) = self { host } else { nil } }

    /// A name with a dot, or `localhost`.
    static func isHost(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1 || text == "localhost" else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }
}

extension ClientRule {
    /// The rule as a list of rules has it; its name is what `rules remove` takes.
    fileprivate var ruleRow: JSONObject {
        [
            "name": .string(target.name), "about": target.clientID == nil ? "host" : "client",
            "rule": .string(rule.rawValue), "created_at": .string(createdAt.rfc3339),
        ]
    }
}
