import JOSE
import OAuth
import Storage

/// The managed configuration as one document: groups, MCP servers with their scopes and policies, clients and rules.
///
/// `export-config` prints it, `apply` reads the same members, and the difference of two documents is what a change shows. It holds
/// no secret and no id that Gatehouse chose.
struct ConfigurationExport {
    let transaction: Transaction

    /// The sections in the order in which `apply` carries them out.
    static let sections = ["identity_providers", "groups", "resources", "providers", "clients", "rules"]

    /// The whole document.
    func document() throws -> JSONObject {
        [
            "identity_providers": .array(
                try transaction.identityProviders.list().map { .object(try identityProvider($0)) }),
            "groups": .array(try transaction.groups.list(limit: .max).map { .object(Self.group($0.group)) }),
            "resources": .array(
                try transaction.resources.list().sorted { $0.identifier.string < $1.identifier.string }.map {
                    .object(try resource($0))
                }),
            "providers": .array(try transaction.providers.list().map { .object(try provider($0)) }),
            "clients": .array(try transaction.clients.list(limit: .max).map { .object(try client($0)) }),
            "rules": .array(try transaction.clientRules.list(limit: .max).map { .object(Self.rule($0)) }),
        ]
    }

    /// An identity provider.
    func identityProvider(_ provider: IdentityProvider) throws -> JSONObject {
        let registration = provider.registration
        var row: JSONObject = [
            "name": .string(provider.name.string), "issuer": .string(provider.issuer.string),
            "client_id": .string(registration.clientID), "auth": .string(registration.authMethod.rawValue),
            "assertion_audience": .string(provider.assertionAudience?.rawValue ?? ""),
            "authorization_endpoint": .string(registration.authorizationEndpoint),
            "token_endpoint": .string(registration.tokenEndpoint), "jwks_url": .string(provider.keysURL),
            "end_session_endpoint": .string(provider.endSessionEndpoint ?? ""),
            "home_domains": .strings(try transaction.homeRealms.domains(of: provider.name)),
        ]
        for option in IdentityProviderOptions.declared {
            row[option.key.name] = .strings(provider.settings.texts[option.key.name] ?? [])
        }
        return row
    }

    /// A provider of connected accounts, with what MCP servers may request there.
    func provider(_ provider: Provider) throws -> JSONObject {
        var row = Self.provider(provider)
        row["allowed"] = .array(
            try transaction.providers.rules().filter { $0.provider == provider.name }.compactMap { rule in
                try transaction.resources.find(id: rule.resourceID).map { ($0.identifier.string, rule) }
            }.sorted { $0.0 < $1.0 }.map { identifier, rule in
                [
                    "resource": .string(identifier), "scopes": .strings(rule.scope.scopes.map(\.string)),
                    "same_as": .strings(rule.aliases.map(\.text)),
                ]
            })
        return row
    }

    /// The registration at a provider.
    static func provider(_ provider: Provider) -> JSONObject {
        [
            "name": .string(provider.name.string), "owner": .string(provider.owner),
            "issuer": .string(provider.issuer ?? ""), "client_id": .string(provider.clientID),
            "auth": .string(provider.authMethod.rawValue),
            "authorization_endpoint": .string(provider.authorizationEndpoint),
            "token_endpoint": .string(provider.tokenEndpoint),
            "revocation_endpoint": .string(provider.revocationEndpoint ?? ""),
        ]
    }

    static func group(_ group: Group) -> JSONObject {
        var row: JSONObject = ["name": .string(group.name)]
        guard !group.source.isLocal else { return row }
        row["from"] = .string(group.source.string)
        row["claim"] = JSON(group.claim)
        return row
    }

    /// An MCP server.
    func resource(_ resource: Resource) throws -> JSONObject {
        var row: JSONObject = [
            "resource": .string(resource.identifier.string), "name": .string(resource.name),
            "owner": .string(resource.owner), "events_endpoint": .string(resource.eventsEndpoint ?? ""),
        ]
        for (name, value) in Self.keys(resource.keys) { row[name] = value }
        row["scopes"] = .array(
            resource.scopes.map { scope in
                [
                    "name": .string(scope.scope.string), "description": .string(scope.description),
                    "on_request": .bool(scope.onRequest), "implies": .strings(scope.implies.scopes.map(\.string)),
                    "tools": .strings(scope.tools.map(\.string)),
                    "fresh_sign_in": .string(scope.freshSeconds.map(Lifetime.text) ?? ""),
                ]
            })
        row["policy"] = .object(try policy(of: resource))
        return row
    }

    /// A policy with every setting, so that applying it elsewhere sets all of them.
    private func policy(of resource: Resource) throws -> JSONObject {
        let policy = try transaction.resources.policy(of: resource.id)
        var row = JSONObject()
        for setting in PolicySetting.all {
            let words = setting.words(policy)
            switch setting.form {
            case .one, .yesOrNo, .flag: row[setting.name] = .string(words.first ?? "")
            case .repeated, .commas: row[setting.name] = .strings(words)
            }
        }
        row["actions"] = .strings(try transaction.resources.actions(of: resource.id).map(\.typed))
        row["identity_provider"] = .string(try transaction.homeRealms.required(at: resource.id)?.string ?? "")
        let access = try transaction.access.settings(of: resource.id)
        if let list = access.list {
            row["access"] = [
                "groups": .strings(try names(list.groups)),
                "users": .strings(try list.users.compactMap { try transaction.users.find(id: $0)?.name }.sorted()),
            ]
        } else {
            row["access"] = "everybody"
        }
        var scopes = JSONObject()
        for scope in resource.scopes {
            if let groups = access.scopes[scope.scope] { scopes[scope.scope.string] = .strings(try names(groups)) }
        }
        row["scope_groups"] = .object(scopes)
        row["group_max_age"] = .string(access.groupAge.map(Lifetime.text) ?? "default")
        return row
    }

    private func names(_ groups: [GroupID]) throws -> [String] {
        try groups.compactMap { try transaction.groups.find(id: $0)?.name }.sorted()
    }

    /// A registered client.
    func client(_ client: RegisteredClient) throws -> JSONObject {
        var row: JSONObject = [
            "id": .string(client.id.string), "name": .string(client.name), "auth": .string(client.authMethod.rawValue),
        ]
        for (name, value) in Self.keys(client.keys) { row[name] = value }
        row["acts_for_itself"] = .bool(client.grantTypes.contains(.clientCredentials))
        row["device_grant"] = .bool(client.grantTypes.contains(.deviceCode))
        for requirement in ClientRequirement.allCases {
            row[requirement.rawValue] = .bool(client.requirements.contains(requirement))
        }
        row["redirect_uris"] = .strings(client.redirectURIs.map(\.string))
        let schemes = Set(client.redirectURIs.compactMap(\.ownScheme).filter { !$0.isFamiliar }.map(\.string))
        row["own_schemes"] = .strings(schemes.sorted())
        row["resources"] = .strings(try servers(of: client))
        row["permissions"] = .array(
            try transaction.clientPermissions.list(of: client.id).compactMap { permission in
                try transaction.resources.find(id: permission.resourceID).flatMap { $0.removedAt == nil ? $0 : nil }.map
                {
                    [
                        "resource": .string($0.identifier.string),
                        "scopes": .strings(permission.scope.scopes.map(\.string)),
                    ]
                }
            })
        return row
    }

    /// The MCP servers that a client may request access to, or only `any`, or only `none` for a client whose MCP servers are removed.
    private func servers(of client: RegisteredClient) throws -> [String] {
        guard !client.resources.isEmpty else { return ["any"] }
        let names = try client.resources.compactMap { try transaction.resources.find(id: $0) }
            .filter { $0.removedAt == nil }.map(\.identifier.string).sorted()
        return names.isEmpty ? ["none"] : names
    }

    static func rule(_ rule: ClientRule) -> JSONObject {
        [
            rule.target.clientID == nil ? "host" : "client": .string(rule.target.name),
            "rule": .string(rule.rule.rawValue),
            "audience": .string(rule.acceptsTokenEndpoint ? "token-endpoint" : ""),
            "device_grant": .bool(rule.allowsDevice),
        ]
    }

    private static func keys(_ keys: ClientKeys?) -> [(String, JSON)] {
        switch keys {
        case nil: []
        case .url(let url): [("jwks_url", .string(url))]
        case .inline(let bytes): [("jwks", .string(String(decoding: bytes, as: UTF8.self)))]
        }
    }
}
