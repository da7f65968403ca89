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
    static let sections = ["groups", "resources", "clients", "rules"]

    /// The whole document.
    func document() throws -> JSONObject {
        [
            "groups": .array(try transaction.groups.list(limit: .max).map { .object(Self.group($0.group)) }),
            "resources": .array(
                try transaction.resources.list().sorted { $0.identifier.string < $1.identifier.string }.map {
                    .object(try resource($0))
                }),
            "clients": .array(try transaction.clients.list(limit: .max).map { .object(try client($0)) }),
            "rules": .array(try transaction.clientRules.list(limit: .max).map { .object(Self.rule($0)) }),
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
        row["resources"] = .strings(
            try client.resources.compactMap { try transaction.resources.find(id: $0)?.identifier.string }.sorted())
        row["permissions"] = .array(
            try transaction.clientPermissions.list(of: client.id).compactMap { permission in
                try transaction.resources.find(id: permission.resourceID).map {
                    [
                        "resource": .string($0.identifier.string),
                        "scopes": .strings(permission.scope.scopes.map(\.string)),
                    ]
                }
            })
        return row
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
