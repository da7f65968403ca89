import JOSE
import OAuth
import Storage

/// Carries a document out inside its transaction, section by section. Every piece is that of the command for it, with its record;
/// what stays the same leaves none.
struct AppliedWork: AdministrationNoun {
    let task: AdministrationTask
    let reason: String?

    private(set) var ended = EndedSessions()
    private(set) var secrets: [JSONObject] = []
    private(set) var replacedSecrets: [String] = []
    private(set) var warnings: [String] = []
    private(set) var narrowed: Int64 = 0

    init(task: AdministrationTask, reason: String?) {
        self.task = task
        self.reason = reason
    }

    // MARK: Groups

    mutating func groups(_ desired: [DesiredGroup]?, _ transaction: Transaction) throws {
        let administration = GroupAdministration(task: task)
        for desired in desired ?? [] {
            let group = try administration.group(desired.name, from: desired.provider, desired.claim)
            guard let known = try transaction.groups.find(named: desired.name) else {
                try administration.insert(group, transaction)
                continue
            }
            guard known.source == group.source, known.claim == group.claim else {
                throw AdministrationError(
                    .invalid,
                    "Group '\(known.name)' exists with another source or value, which cannot change. Remove it and add it again."
                )
            }
        }
    }

    // MARK: MCP servers

    mutating func resources(
        _ desired: [DesiredResource]?, withdrawing: Bool, _ transaction: Transaction
    ) throws {
        for desired in desired ?? [] {
            if let known = try transaction.resources.find(comparable: desired.comparable) {
                try change([desired.actionChange], at: desired, transaction)
                try edit(known, desired, withdrawing: withdrawing, transaction)
            } else {
                try add(desired, transaction)
            }
            try change(desired.policyChanges(), at: desired, transaction)
        }
    }

    private mutating func add(_ desired: DesiredResource, _ transaction: Transaction) throws {
        let administration = ResourceAdministration(task: task)
        var (resource, secret) = try administration.resource(of: desired.draft())
        if let given = desired.secret {
            guard resource.secretDigest != nil else { throw Self.secretAndKeys(desired.identifier) }
            resource = resource.authenticating(by: given.digest)
            secret = nil
        }
        if let warning = try administration.register(resource, transaction) { warnings.append(warning) }
        if let secret { secrets.append(resource.credentials(secret)) }
    }

    private mutating func edit(
        _ known: Resource, _ desired: DesiredResource, withdrawing: Bool, _ transaction: Transaction
    ) throws {
        if let keys = try desired.keys?.checked(), keys != known.keys {
            throw AdministrationError(
                .invalid,
                "The keys of MCP server '\(known.identifier)' cannot change here. Publish them at its 'jwks_url', or leave the member "
                    + "out.")
        }
        let editing = ResourceEditing(task: task)
        let edit = try editing.plan(
            known, desired.change(of: known, withdrawing: withdrawing), transaction)
        let (losing, ending) = (
            try transaction.sessionReports.liveCounts(edit.narrows, now: now).sessions,
            try transaction.sessionReports.liveCounts(edit.ends, now: now).sessions
        )
        narrowed += losing - ending
        ended.merge(try editing.carryOut(edit, reason, transaction))
        guard let given = desired.secret, !given.matches(known.secretDigest) else { return }
        guard try transaction.resources.setSecret(given.digest, of: known.id) else {
            throw Self.secretAndKeys(desired.identifier)
        }
        // No older secret outlives one that a file replaces.
        try transaction.replacedSecrets.keep(given.digest, of: known.id, until: nil, now: now)
        try audit(transaction, .resourceSecretRotated, resource: known.id, explanation: reason)
        replacedSecrets.append(known.identifier.string)
    }

    /// Writes changes of the policy. One that leaves everything as it is has no record.
    private mutating func change(
        _ changes: [PolicyChange], at desired: DesiredResource, _ transaction: Transaction
    ) throws {
        guard let resource = try transaction.resources.find(comparable: desired.comparable) else { return }
        let administration = ResourcePolicyAdministration(task: task)
        for change in changes
        where try administration.changes(change, resource, transaction) {
            ended.merge(
                try administration.carryOut(
                    ResourcePolicyAdministration.checked(change), at: resource, reason, transaction))
        }
    }

    private static func secretAndKeys(_ identifier: String) -> AdministrationError {
        AdministrationError(.invalid, "MCP server '\(identifier)' has keys, and so no secret.")
    }

    // MARK: Clients

    mutating func clients(_ desired: [DesiredClient]?, _ transaction: Transaction) throws {
        for desired in desired ?? [] {
            let known = try transaction.clients.find(desired.id)
            let client = try known.map { try edit($0, desired, transaction) } ?? add(desired, transaction)
            if let permissions = desired.permissions { try permit(client, permissions, transaction) }
        }
    }

    private mutating func add(_ desired: DesiredClient, _ transaction: Transaction) throws -> RegisteredClient {
        let draft = try desired.draft()
        var (client, secret) = try NewClient(draft).checked(at: now)
        if let given = desired.secret {
            client = client.authenticating(by: given.digest)
            secret = nil
        }
        let registered = try ClientAdministration(task: task).register(client, draft, transaction)
        if let secret {
            secrets.append(["client_id": .string(client.id.string), "client_secret": .string(secret.reveal())])
        }
        return registered
    }

    private mutating func edit(
        _ known: RegisteredClient, _ desired: DesiredClient, _ transaction: Transaction
    ) throws -> RegisteredClient {
        let editing = ClientEditing(task: task)
        let edit = try editing.plan(known, desired.change(of: known), transaction)
        ended.merge(try editing.carryOut(edit, reason, transaction))
        if let given = desired.secret, !given.matches(known.secretDigest) {
            _ = try transaction.clients.setSecret(given.digest, of: known.id)
            // No older secret outlives one that a file replaces.
            try transaction.replacedClientSecrets.keep(given.digest, of: known.id, until: nil, now: now)
            try audit(transaction, .clientSecretRotated, client: known.id, explanation: reason)
            replacedSecrets.append(known.id.string)
        }
        return edit.after
    }

    /// Sets the permissions of a client to those of the document. A permission that is not in it is withdrawn.
    private mutating func permit(
        _ client: RegisteredClient, _ desired: [(resource: String, scopes: [String])],
        _ transaction: Transaction
    ) throws {
        let administration = ClientPermissionAdministration(task: task)
        let known = try transaction.clientPermissions.list(of: client.id)
        var kept: Set<ResourceID> = []
        for (name, scopes) in desired {
            let resource = try self.resource(name, transaction)
            kept.insert(resource.id)
            let wanted = ScopeSet(try scopes.map { try Scope($0) })
            guard known.first(where: { $0.resourceID == resource.id })?.scope != wanted else { continue }
            let revoked = try administration.permit(client, at: resource, scopes, reason, transaction).revoked
            if revoked { ended.countOne() }
        }
        for permission in known where !kept.contains(permission.resourceID) {
            guard let resource = try transaction.resources.find(id: permission.resourceID) else { continue }
            if try administration.withdraw(from: client, at: resource, reason, transaction) == true { ended.countOne() }
        }
    }

    // MARK: Rules

    mutating func rules(_ desired: [DesiredRule]?, _ transaction: Transaction) throws {
        let administration = ClientRuleAdministration(task: task)
        for desired in desired ?? [] {
            let known = try transaction.clientRules.find(about: desired.target)
            let entry = ClientRule(
                desired.target, desired.rule, acceptsTokenEndpoint: desired.acceptsTokenEndpoint,
                allowsDevice: desired.allowsDevice, createdAt: known?.createdAt ?? now)
            guard entry != known else { continue }
            ended.merge(try administration.set(entry, reason, transaction))
        }
    }

    // MARK: What the document leaves out

    /// Removes what the sections of the document leave out, in the opposite order.
    mutating func prune(_ desired: DesiredConfiguration, _ transaction: Transaction) throws {
        if let rules = desired.rules {
            let kept = Set(rules.map(\.target))
            for rule in try transaction.clientRules.list(limit: .max) where !kept.contains(rule.target) {
                try ClientRuleAdministration(task: task).remove(rule, reason, transaction)
            }
        }
        if let clients = desired.clients {
            let kept = Set(clients.map(\.id))
            for client in try transaction.clients.list(limit: .max) where !kept.contains(client.id) {
                let removed = try transaction.clients.remove(client: client.id, ending(.clientRemoved, reason))
                try transaction.pushedRequests.removeOpen(of: client.id)
                try audit(transaction, .clientRemoved, client: client.id, explanation: reason)
                if let removed { ended.merge(removed) }
            }
        }
        if let resources = desired.resources {
            let kept = Set(resources.map(\.comparable))
            for resource in try transaction.resources.list() where !kept.contains(resource.identifier.comparable) {
                ended.merge(try ResourceAdministration(task: task).remove(resource, reason, transaction))
            }
        }
        if let groups = desired.groups {
            let kept = Set(groups.map { AccountName($0.name).key })
            for (group, _) in try transaction.groups.list(limit: .max) where !kept.contains(AccountName(group.name).key)
            {
                ended.merge(try GroupAdministration(task: task).remove(group, reason, transaction).ended)
            }
        }
    }
}

extension ResourcePolicyAdministration {
    /// Whether a change gives any part of the policy another value.
    func changes(_ change: PolicyChange, _ resource: Resource, _ transaction: Transaction) throws -> Bool {
        let policy = try transaction.resources.policy(of: resource.id)
        if try policy.changed(by: change.settings) != policy { return true }
        if let actions = change.actions,
            try Set(Self.checked(PolicyChange(actions: actions)).actions ?? [])
                != Set(transaction.resources.actions(of: resource.id))
        {
            return true
        }
        if try change.reach.applied(to: resource.scopes) != resource.scopes { return true }
        if let provider = change.identityProvider,
            try provider != transaction.homeRealms.required(at: resource.id)?.string ?? ""
        {
            return true
        }
        guard !change.access.isEmpty else { return false }
        return try AccessPolicy(task: task).changed(resource, change.access, transaction).comparable
            != transaction.access.settings(of: resource.id).comparable
    }
}

extension AccessSettings {
    /// The rule without the order in which an administrator named users and groups.
    fileprivate var comparable: AccessSettings {
        AccessSettings(
            list: list.map { AccessList(users: $0.users.sorted(), groups: $0.groups.sorted()) },
            scopes: scopes.mapValues { $0.sorted() }, groupAge: groupAge)
    }
}

extension Resource {
    /// The new MCP server with a secret that an administrator keeps.
    fileprivate func authenticating(by digest: Digest) -> Resource {
        Resource(
            id: id, identifier: identifier, name: name, owner: owner, scopes: scopes, secretDigest: digest,
            eventsEndpoint: eventsEndpoint, createdAt: createdAt)
    }
}

extension RegisteredClient {
    /// The new client with a secret that an administrator keeps.
    fileprivate func authenticating(by digest: Digest) -> RegisteredClient {
        RegisteredClient(
            id: id, name: name, redirectURIs: redirectURIs, authMethod: authMethod, secretDigest: digest, keys: keys,
            grantTypes: grantTypes, requirements: requirements, resources: resources, createdAt: createdAt)
    }
}

extension ClientSecret {
    /// Whether a stored digest, if there is one, is that of this secret.
    fileprivate func matches(_ stored: Digest?) -> Bool {
        ConstantTime.equal(digest.bytes, stored?.bytes ?? [])
    }
}
