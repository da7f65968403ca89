import JOSE
import OAuth
import Storage

/// A change of the rule that says who may use an MCP server. Nil leaves a part unchanged.
package struct AccessChange: Codable, Hashable, Sendable {
    /// Whether everybody may use the MCP server from now on.
    package var allowsEverybody: Bool
    /// The groups that may use the MCP server.
    package var groups: [String]?
    /// The users who may use the MCP server.
    package var users: [String]?
    /// The groups that may have single scopes. A scope with an empty value is open to everybody again.
    package var scopeGroups: [ScopeChanges.Assignment]
    /// The groups that may have each named scope, none for nobody; a scope that is not named is open to everybody. Nil leaves the
    /// scopes to `scopeGroups`.
    package var scopeRule: [String: [String]]?
    /// The greatest age of an identity provider's groups, such as `12h`, or `default`.
    package var groupAge: String?

    /// A change of the given parts.
    package init(
        allowsEverybody: Bool = false, groups: [String]? = nil, users: [String]? = nil,
        scopeGroups: [ScopeChanges.Assignment] = [], scopeRule: [String: [String]]? = nil, groupAge: String? = nil
    ) {
        self.allowsEverybody = allowsEverybody
        self.groups = groups
        self.users = users
        self.scopeGroups = scopeGroups
        self.scopeRule = scopeRule
        self.groupAge = groupAge
    }

    /// Whether no part changes.
    package var isEmpty: Bool { self == AccessChange() }

    /// Whether users may lose access, so that sessions may end.
    package var narrowsAccess: Bool { groups != nil || users != nil }
}

/// Changes and shows the access rule of an MCP server.
struct AccessPolicy: AdministrationNoun {
    let task: AdministrationTask

    private static let groupAges: ClosedRange<Int64> = 60...31_536_000
    private static let mostListed = 1_000

    /// The rule after a change; throws for the first name or value that is unknown or invalid.
    func changed(
        _ resource: Resource, _ change: AccessChange, _ transaction: Transaction
    ) throws -> AccessSettings {
        var settings = try transaction.access.settings(of: resource.id)
        if change.allowsEverybody {
            guard !change.narrowsAccess else {
                throw AdministrationError(.invalid, "Everybody and single users or groups cannot be allowed at once.")
            }
            settings.list = nil
        }
        if change.narrowsAccess {
            var list = settings.list ?? AccessList()
            if let names = change.groups { list.groups = try names.map { try group($0, transaction).id } }
            if let names = change.users { list.users = try names.map { try user($0, transaction).id } }
            guard list.groups.count <= Self.mostListed, list.users.count <= Self.mostListed else {
                throw AdministrationError(
                    .invalid, "Too many names: a rule lists at most \(Self.mostListed) users and groups. Use a group.")
            }
            settings.list = list
        }
        if let rule = change.scopeRule {
            settings.scopes = [:]
            for (name, groups) in rule {
                let scope = try Scope(name)
                guard resource.catalogue.known.contains(scope) else {
                    throw AdministrationError(
                        .invalid, "'\(resource.identifier)' has no scope '\(scope)', which 'scope_groups' names.")
                }
                settings.scopes[scope] = try groups.map { try group($0, transaction).id }
            }
        }
        for (scope, groups) in try assigned(change.scopeGroups, at: resource, transaction) {
            settings.scopes[scope] = groups.isEmpty ? nil : groups
        }
        if let text = change.groupAge { settings.groupAge = try Self.groupAge(text) }
        return settings
    }

    /// The groups of each named scope; none for a scope that is open to everybody again.
    private func assigned(
        _ assignments: [ScopeChanges.Assignment], at resource: Resource, _ transaction: Transaction
    ) throws -> [Scope: [GroupID]] {
        var assigned: [Scope: [GroupID]] = [:]
        for assignment in assignments {
            let scope = try Scope(assignment.scope)
            guard resource.catalogue.known.contains(scope) else {
                throw AdministrationError(
                    .invalid, "Scope '\(scope)' not found. Use a scope with which the MCP server was registered.")
            }
            let group = assignment.value.isEmpty ? nil : try group(assignment.value, transaction).id
            assigned[scope, default: []] += group.map { [$0] } ?? []
        }
        return assigned
    }

    private static func groupAge(_ text: String) throws(AdministrationError) -> Int64? {
        guard text != "default" else { return nil }
        guard let seconds = Lifetime.seconds(text), groupAges.contains(seconds) else {
            throw AdministrationError(
                .invalid,
                "Invalid value '\(text)' for --group-max-age: must be a duration from 1m to 365d, or 'default'.")
        }
        return seconds
    }

    /// The rule in the row of a policy: who may use the MCP server, the groups of single scopes, and the greatest age of groups.
    func row(of resource: Resource, _ transaction: Transaction) throws -> JSONObject {
        let settings = try transaction.access.settings(of: resource.id)
        var scopes = JSONObject()
        for scope in resource.scopes {
            guard let groups = settings.scopes[scope.scope] else { continue }
            scopes[scope.scope.string] = .strings(try Self.orNobody(names(groups, transaction)))
        }
        return [
            "access": .strings(try Self.names(of: settings.list, transaction)), "scope_groups": .object(scopes),
            "group_max_age": .object([
                "value": .string(Lifetime.text(settings.groupAge ?? AccessRule.usualGroupAge)),
                "from": settings.groupAge == nil ? "default" : "policy",
            ]),
        ]
    }

    /// The list in words: `everybody`, `nobody`, or each group and user.
    static func names(of list: AccessList?, _ transaction: Transaction) throws -> [String] {
        guard let list else { return ["everybody"] }
        let groups = try list.groups.compactMap { try transaction.groups.find(id: $0).map { "group \($0.name)" } }
        let users = try list.users.compactMap { try transaction.users.find(id: $0).map { "user \($0.name)" } }
        return orNobody(groups + users)
    }

    private func names(_ groups: [GroupID], _ transaction: Transaction) throws -> [String] {
        try groups.compactMap { try transaction.groups.find(id: $0)?.name }
    }

    private static func orNobody(_ names: [String]) -> [String] { names.isEmpty ? ["nobody"] : names }
}
