import JOSE
import OAuth
import Storage

/// A registered client of a document.
struct DesiredClient {
    static let members =
        [
            "id", "name", "auth", "client_secret", "jwks_url", "jwks", "acts_for_itself", "device_grant",
        ] + ClientRequirement.allCases.map(\.rawValue) + ["redirect_uris", "own_schemes", "resources", "permissions"]

    let id: ClientID
    let name: String?
    let auth: String?
    let secret: ClientSecret?
    let keys: KeysDraft?
    let actsForItself: Bool?
    let usesDevice: Bool?
    let requirements: [ClientRequirement: Bool]
    let redirects: [String]?
    let ownSchemes: [String]
    /// The MCP servers; empty for any, nil to leave them as they are.
    let resources: [String]?
    /// Whether it may use no MCP server that exists, which a new client cannot be told.
    let saysNone: Bool
    let permissions: [(resource: String, scopes: [String])]?

    init(_ object: DesiredObject) throws {
        id = try ClientID(try object.required("id"))
        name = try object.text("name")
        auth = try object.text("auth")
        secret = try object.clientSecret()
        keys = try object.keys()
        actsForItself = try object.flag("acts_for_itself")
        usesDevice = try object.flag("device_grant")
        var requirements: [ClientRequirement: Bool] = [:]
        for requirement in ClientRequirement.allCases {
            requirements[requirement] = try object.flag(requirement.rawValue)
        }
        self.requirements = requirements
        redirects = try object.list("redirect_uris")
        ownSchemes = try object.list("own_schemes") ?? []
        resources = try Self.servers(try object.list("resources"), at: object.place)
        saysNone = try object.list("resources") == ["none"]
        permissions = try object.objects("permissions", allowing: ["resource", "scopes"])?.map {
            (try $0.required("resource"), try $0.list("scopes") ?? [])
        }
    }

    /// An empty list is no way to say `any`: it would open every MCP server to the client.
    private static func servers(_ list: [String]?, at place: String) throws(AdministrationError) -> [String]? {
        guard list != [] else {
            throw AdministrationError(.invalid, "'\(place).resources' is empty. Write any, or name MCP servers.")
        }
        return list == ["any"] ? [] : list == ["none"] ? nil : list
    }

    /// The draft of a new client.
    func draft() throws -> ClientDraft {
        guard !saysNone else {
            throw AdministrationError(
                .invalid, "Client '\(id)' is new; name its MCP servers in 'resources', or write any.")
        }
        guard let name else {
            throw AdministrationError(.invalid, "Client '\(id)' is new; give 'name'.")
        }
        let actsForItself = actsForItself ?? false
        let method = auth ?? (keys != nil ? "private_key_jwt" : actsForItself ? "client_secret_basic" : "none")
        guard secret == nil || method.hasPrefix("client_secret") else {
            throw AdministrationError(.invalid, "Client '\(id)' has a secret, but authenticates with \(method).")
        }
        return ClientDraft(
            id: id.string, name: name, redirectURIs: redirects ?? [], authMethod: method, keys: keys,
            resources: actsForItself ? [] : resources ?? [],
            requirements: Set(requirements.filter(\.value).keys), ownSchemes: ownSchemes,
            serviceScopes: actsForItself ? [] : nil, usesDevice: usesDevice ?? false)
    }

    /// The change of a client that exists. What only a new registration can change is refused, unless it is the same.
    func change(of client: RegisteredClient) throws -> ClientChange {
        let fixed: [(member: String, isSame: Bool)] = [
            ("auth", auth == nil || auth == client.authMethod.rawValue),
            ("jwks", try keys.map { try $0.checked() == client.keys } ?? true),
            ("acts_for_itself", actsForItself.map { $0 == client.grantTypes.contains(.clientCredentials) } ?? true),
            ("device_grant", usesDevice.map { $0 == client.grantTypes.contains(.deviceCode) } ?? true),
            (
                "client_secret", secret == nil || client.secretDigest != nil
            ),
        ]
        let other = requirements.first { client.requirements.contains($0.key) != $0.value }?.key.rawValue
        if let member = fixed.first(where: { !$0.isSame })?.member ?? other {
            throw AdministrationError(
                .invalid,
                "'\(member)' of client '\(client.id)' cannot change. Remove the client and add it again, or leave the member "
                    + "out.")
        }
        let isService = client.grantTypes.contains(.clientCredentials)
        return ClientChange(
            name: name, redirectURIs: isService ? nil : redirects, resources: isService ? nil : resources,
            ownSchemes: ownSchemes.filter { scheme in redirects?.contains { $0.hasPrefix(scheme + ":") } == true })
    }
}
