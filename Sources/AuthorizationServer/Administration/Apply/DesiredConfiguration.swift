import JOSE
import OAuth
import Outbound
import Storage

/// A document to apply, read before anything is written. A section that is not given stays as it is, also with `--prune`; so does a
/// member of an object that exists.
struct DesiredConfiguration {
    let identityProviders: [DesiredIdentityProvider]?
    let groups: [DesiredGroup]?
    let providers: [DesiredProvider]?
    let resources: [DesiredResource]?
    let clients: [DesiredClient]?
    let rules: [DesiredRule]?

    private static let limits = JSON.Limits(bytes: 8 << 20, depth: 16, members: 1_000_000)

    init(_ text: String) throws {
        let parsed: JSONObject
        do {
            parsed = try JSONObject(parsing: Array(text.utf8), limits: Self.limits)
        } catch {
            throw AdministrationError(.invalid, "The document is not one object: \(error).")
        }
        let document = try DesiredObject(parsed, at: "", allowing: ConfigurationExport.sections)
        identityProviders = try document.objects(
            "identity_providers", allowing: DesiredIdentityProvider.members)?.map(DesiredIdentityProvider.init)
        providers = try document.objects("providers", allowing: DesiredProvider.members)?.map(DesiredProvider.init)
        groups = try document.objects("groups", allowing: DesiredGroup.members)?.map(DesiredGroup.init)
        resources = try document.objects("resources", allowing: DesiredResource.members)?.map(DesiredResource.init)
        clients = try document.objects("clients", allowing: DesiredClient.members)?.map(DesiredClient.init)
        rules = try document.objects("rules", allowing: DesiredRule.members)?.map(DesiredRule.init)
        try Self.requireDistinct(identityProviders?.map(\.name.string), "identity provider")
        try Self.requireDistinct(providers?.map(\.name.string), "provider")
        try Self.requireDistinct(groups?.map { AccountName($0.name).key }, "group")
        try Self.requireDistinct(resources?.map(\.comparable), "MCP server")
        try Self.requireDistinct(clients?.map(\.id.string), "client")
        try Self.requireDistinct(rules?.map(\.name), "rule")
    }

    /// Refuses names that the sections of this document leave out, and that pruning would remove.
    func requireNamesKept() throws {
        func refuse(_ name: String, _ place: String, _ section: String) -> AdministrationError {
            AdministrationError(
                .invalid, "\(place) names '\(name)', which the section '\(section)' leaves out and --prune removes.")
        }
        if let groups {
            let kept = Set(groups.map { AccountName($0.name).key })
            for resource in resources ?? [] {
                for name in resource.policy.namedGroups where !kept.contains(AccountName(name).key) {
                    throw refuse(name, "MCP server '\(resource.identifier)'", "groups")
                }
            }
        }
        if let identityProviders {
            let kept = Set(identityProviders.map(\.name.string))
            for resource in resources ?? [] {
                guard let name = resource.policy.identityProvider, !name.isEmpty, !kept.contains(name) else { continue }
                throw refuse(name, "MCP server '\(resource.identifier)'", "identity_providers")
            }
        }
        guard let resources else { return }
        let kept = Set(resources.map(\.comparable))
        func requireKept(_ names: [String], _ place: String) throws {
            for name in names {
                guard let comparable = try? ResourceIdentifier(name).comparable, !kept.contains(comparable) else {
                    continue
                }
                throw refuse(name, place, "resources")
            }
        }
        for client in clients ?? [] {
            try requireKept(
                (client.resources ?? []) + (client.permissions ?? []).map(\.resource), "Client '\(client.id)'")
        }
        for provider in providers ?? [] {
            try requireKept((provider.allowed ?? []).map(\.resource), "Provider '\(provider.name)'")
        }
    }

    private static func requireDistinct(_ names: [String]?, _ kind: String) throws(AdministrationError) {
        var seen: Set<String> = []
        for name in names ?? [] where !seen.insert(name).inserted {
            throw AdministrationError(.invalid, "The \(kind) '\(name)' is in the document twice.")
        }
    }
}

/// A group of a document.
struct DesiredGroup {
    static let members = ["name", "from", "claim"]

    let name: String
    let provider: String?
    let claim: String?

    init(_ object: DesiredObject) throws {
        name = try object.required("name")
        provider = try object.text("from")
        claim = try object.text("claim")
    }
}

/// A rule about a client or a host.
struct DesiredRule {
    static let members = ["client", "host", "rule", "audience", "device_grant"]

    let target: ClientRule.Target
    let rule: ClientRule.Rule
    let acceptsTokenEndpoint: Bool
    let allowsDevice: Bool

    var name: String { target.name }

    init(_ object: DesiredObject) throws {
        switch (try object.text("client"), try object.text("host")) {
        case (let client?, nil): target = .client(try ClientID(client))
        case (nil, let host?): target = try Self.host(host)
        default: throw AdministrationError(.invalid, "'\(object.place)' must have either 'client' or 'host'.")
        }
        guard let rule = ClientRule.Rule(rawValue: try object.required("rule")) else {
            throw AdministrationError(.invalid, "'\(object.place).rule' must be allow or block.")
        }
        self.rule = rule
        let audience = try object.text("audience") ?? ""
        guard ["", "token-endpoint"].contains(audience) else {
            throw AdministrationError(.invalid, "'\(object.place).audience' must be token-endpoint, or empty.")
        }
        acceptsTokenEndpoint = audience == "token-endpoint"
        allowsDevice = try object.flag("device_grant") ?? false
        guard rule == .allow || !acceptsTokenEndpoint && !allowsDevice else {
            throw AdministrationError(.invalid, "'\(object.place)' blocks, and a block allows nothing.")
        }
    }

    private static func host(_ text: String) throws -> ClientRule.Target {
        guard (try? HostPattern(text.lowercased())) != nil else {
            throw AdministrationError(
                .invalid, "'\(text)' is not a host. Write app.example, or *.example for all its subdomains.")
        }
        return .host(text.lowercased())
    }
}
