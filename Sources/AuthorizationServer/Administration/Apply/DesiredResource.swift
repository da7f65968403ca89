import JOSE
import OAuth
import Storage

/// An MCP server of a document.
struct DesiredResource {
    static let members = [
        "resource", "name", "owner", "events_endpoint", "client_secret", "jwks_url", "jwks", "scopes", "policy",
    ]
    private static let scopeMembers = ["name", "description", "on_request", "implies", "tools", "fresh_sign_in"]
    private static let policyMembers =
        PolicySetting.all.map(\.name) + ["actions", "identity_provider", "access", "scope_groups", "group_max_age"]

    /// A scope as the document has it.
    struct Scope {
        let name: String
        let description: String?
        let onRequest: Bool?
        let implies: [String]?
        let tools: [String]?
        let freshSignIn: String?
    }

    let identifier: String
    /// The identifier in the form by which two of them are compared.
    let comparable: String
    let name: String?
    let owner: String?
    let eventsEndpoint: String?
    let secret: ClientSecret?
    let keys: KeysDraft?
    let scopes: [Scope]?
    let policy: Policy

    /// The policy as the document has it.
    struct Policy {
        let settings: [String: [String]]
        let actions: [String]?
        let identityProvider: String?
        /// Nil where access is not given.
        let allowsEverybody: Bool?
        let groups: [String]?
        let users: [String]?
        let scopeGroups: [(name: String, entries: [String])]?
        let groupAge: String?
    }

    init(_ object: DesiredObject) throws {
        identifier = try object.required("resource")
        comparable = try ResourceIdentifier(identifier).comparable
        name = try object.text("name")
        owner = try object.text("owner")
        eventsEndpoint = try object.text("events_endpoint")
        secret = try object.clientSecret()
        keys = try object.keys()
        scopes = try object.objects("scopes", allowing: Self.scopeMembers)?.map { scope in
            Scope(
                name: try scope.required("name"), description: try scope.text("description"),
                onRequest: try scope.flag("on_request"), implies: try scope.list("implies"),
                tools: try scope.list("tools"), freshSignIn: try scope.text("fresh_sign_in"))
        }
        policy = try Policy(object.object("policy", allowing: Self.policyMembers))
    }

    /// The draft of a new MCP server.
    func draft() throws -> ResourceDraft {
        guard let name, let owner else {
            throw AdministrationError(.invalid, "MCP server '\(identifier)' is new; give 'name' and 'owner'.")
        }
        return ResourceDraft(
            identifier: identifier, name: name, owner: owner,
            scopes: (scopes ?? []).map {
                ResourceDraft.Scope(
                    name: $0.name, description: $0.description ?? $0.name, onRequest: $0.onRequest ?? false)
            },
            reach: try reach(), eventsEndpoint: eventsEndpoint.flatMap { $0.isEmpty ? nil : $0 }, keys: keys)
    }

    /// The change of an MCP server that exists; `withdrawing` the scopes that the document leaves out.
    func change(of resource: Resource, withdrawing: Bool) -> ResourceChange {
        let listed = scopes?.map(\.name)
        return ResourceChange(
            name: name, owner: owner,
            scopes: (scopes ?? []).map {
                ResourceChange.Scope(name: $0.name, description: $0.description, onRequest: $0.onRequest)
            },
            withdrawn: withdrawing && listed != nil
                ? resource.scopes.map(\.scope.string).filter { listed?.contains($0) == false } : [],
            eventsEndpoint: eventsEndpoint)
    }

    /// The reach of the scopes, with an empty value for a list that is emptied.
    func reach() throws -> ScopeChanges {
        func assignments(_ scope: Scope, _ values: [String]?) -> [ScopeChanges.Assignment] {
            guard let values else { return [] }
            return (values.isEmpty ? [""] : values).map { ScopeChanges.Assignment(scope: scope.name, value: $0) }
        }
        let scopes = scopes ?? []
        return ScopeChanges(
            implies: scopes.flatMap { assignments($0, $0.implies) },
            tools: scopes.flatMap { assignments($0, $0.tools) },
            freshSignIn: try scopes.compactMap { scope in
                guard let text = scope.freshSignIn else { return nil }
                guard !text.isEmpty else { return ScopeChanges.Freshness(scope: scope.name, seconds: nil) }
                guard let seconds = Lifetime.seconds(text) else {
                    throw AdministrationError(
                        .invalid, "'\(text)' is not a maximum age of a sign-in. Write it as 5m, or leave it empty.")
                }
                return ScopeChanges.Freshness(scope: scope.name, seconds: seconds)
            })
    }

    /// The actions alone. They change before the scopes do, because a scope that an action demands cannot be withdrawn.
    var actionChange: PolicyChange { PolicyChange(actions: policy.actions) }

    /// The changes of the policy. Client hosts and access are two changes, as each ends sessions of its own.
    func policyChanges() throws -> [PolicyChange] {
        [
            PolicyChange(
                settings: policy.settings, actions: policy.actions, reach: try reach(),
                identityProvider: policy.identityProvider),
            PolicyChange(
                access: AccessChange(
                    allowsEverybody: policy.allowsEverybody ?? false, groups: policy.groups, users: policy.users,
                    scopeRule: policy.scopeGroups.map { Dictionary($0.map { ($0.name, $0.entries) }) { $1 } },
                    groupAge: policy.groupAge)),
        ].filter { !$0.isEmpty }
    }
}

extension DesiredResource.Policy {
    /// The groups that the access rule names.
    var namedGroups: [String] { (groups ?? []) + (scopeGroups ?? []).flatMap(\.entries) }

    fileprivate init(_ object: DesiredObject?) throws {
        var settings: [String: [String]] = [:]
        for setting in PolicySetting.all {
            switch setting.form {
            case .one, .yesOrNo, .flag: settings[setting.name] = try object?.text(setting.name).map { [$0] }
            case .repeated, .commas: settings[setting.name] = try object?.list(setting.name)
            }
        }
        self.settings = settings
        actions = try object?.list("actions")
        identityProvider = try object?.text("identity_provider")
        scopeGroups = try object?.lists("scope_groups")
        groupAge = try object?.text("group_max_age")
        guard let object, object.has("access") else {
            (allowsEverybody, groups, users) = (nil, nil, nil)
            return
        }
        if let word = try? object.text("access") {
            guard word == "everybody" else {
                throw AdministrationError(
                    .invalid, "'\(object.place).access' must be everybody, or lists of groups and users.")
            }
            (allowsEverybody, groups, users) = (true, nil, nil)
        } else {
            let access = try object.object("access", allowing: ["groups", "users"])
            let (listed, named) = (try access?.list("groups"), try access?.list("users"))
            // Nobody is locked out by a line that is not finished.
            guard listed != nil || named != nil else {
                throw AdministrationError(
                    .invalid, "'\(object.place).access' must be everybody, or lists of groups and users.")
            }
            (allowsEverybody, groups, users) = (false, listed ?? [], named ?? [])
        }
    }
}

extension DesiredObject {
    /// The secret that an administrator keeps in a file, and that the command line read.
    func clientSecret() throws -> ClientSecret? {
        guard let text = try text("client_secret") else { return nil }
        // Only the digest is stored, which is safe for a random secret of this length and for no other.
        guard let secret = ClientSecret(text) else {
            throw AdministrationError(
                .invalid,
                "The secret of '\(place)' is not one that Gatehouse generated. Leave it out, and Gatehouse generates one."
            )
        }
        return secret
    }

    /// The keys, by the URL of their set or as the set itself.
    func keys() throws -> KeysDraft? {
        switch (try text("jwks_url"), try text("jwks")) {
        case (nil, nil): nil
        case (let url?, nil): .url(url)
        case (nil, let set?): .set(set)
        default: throw AdministrationError(.invalid, "'\(place)' must have either 'jwks_url' or 'jwks'.")
        }
    }
}
