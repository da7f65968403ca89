import JOSE
import OAuth
import Storage

/// A provider of connected accounts in a document.
struct DesiredProvider {
    static let members = [
        "name", "owner", "issuer", "client_id", "client_secret", "auth", "authorization_endpoint", "token_endpoint",
        "revocation_endpoint", "allowed",
    ]

    /// What an MCP server may request there.
    struct Allowance {
        let resource: String
        let scope: ScopeSet
        let aliases: [ScopeAlias]
    }

    let name: ProviderName
    let secret: Secret?
    let allowed: [Allowance]?
    /// The plain members that are given, by name.
    let given: [String: String]

    init(_ object: DesiredObject) throws {
        name = try ProviderName(try object.required("name"))
        secret = try object.text("client_secret").map { Secret($0) }
        var given: [String: String] = [:]
        for member in Self.members where !["name", "client_secret", "allowed"].contains(member) {
            given[member] = try object.text(member)
        }
        self.given = given
        allowed = try object.objects("allowed", allowing: ["resource", "scopes", "same_as"])?.map { object in
            let scope = ScopeSet(try (object.list("scopes") ?? []).map { try Scope($0) })
            guard !scope.isEmpty else {
                throw AdministrationError(.invalid, "'\(object.place)' must have 'scopes'.")
            }
            return Allowance(
                resource: try object.required("resource"), scope: scope,
                aliases: try (object.list("same_as") ?? []).map { try ScopeAlias($0, in: scope) })
        }
    }

    /// The draft of a new provider.
    func draft() throws -> ProviderDraft {
        guard let owner = given["owner"], let clientID = given["client_id"] else {
            throw AdministrationError(.invalid, "Provider '\(name)' is new; give 'owner' and 'client_id'.")
        }
        func present(_ member: String) -> String? { given[member].flatMap { $0.isEmpty ? nil : $0 } }
        var draft = ProviderDraft(name: name.string, owner: owner, clientID: clientID)
        draft.issuer = present("issuer")
        draft.authorizationEndpoint = present("authorization_endpoint")
        draft.tokenEndpoint = present("token_endpoint")
        draft.revocationEndpoint = present("revocation_endpoint")
        draft.clientSecret = secret?.reveal()
        draft.authMethod = present("auth")
        return draft
    }
}

/// An identity provider in a document.
struct DesiredIdentityProvider {
    private static let plain = [
        "issuer", "client_id", "auth", "assertion_audience", "authorization_endpoint", "token_endpoint", "jwks_url",
        "end_session_endpoint",
    ]
    static let members =
        ["name"] + plain + ["client_secret", "home_domains"] + IdentityProviderOptions.declared.map(\.key.name)

    let name: ProviderName
    let secret: Secret?
    let homeDomains: [String]?
    /// The plain members that are given, by name.
    let given: [String: String]
    /// The texts of the options that are given, by name.
    let options: [String: [String]]

    init(_ object: DesiredObject) throws {
        name = try ProviderName(try object.required("name"))
        secret = try object.text("client_secret").map { Secret($0) }
        homeDomains = try object.list("home_domains")
        var given: [String: String] = [:]
        for member in Self.plain { given[member] = try object.text(member) }
        self.given = given
        var options: [String: [String]] = [:]
        for option in IdentityProviderOptions.declared { options[option.key.name] = try object.list(option.key.name) }
        self.options = options
    }

    private func present(_ member: String) -> String? { given[member].flatMap { $0.isEmpty ? nil : $0 } }

    /// The draft of a new identity provider.
    func draft() throws -> IdentityProviderDraft {
        guard let issuer = present("issuer"), let clientID = present("client_id") else {
            throw AdministrationError(.invalid, "Identity provider '\(name)' is new; give 'issuer' and 'client_id'.")
        }
        var draft = IdentityProviderDraft(name: name.string, issuer: issuer, clientID: clientID)
        draft.clientSecret = secret?.reveal()
        draft.usesKey = given["auth"] == ProviderAuthentication.privateKeyJWT.rawValue
        draft.authMethod = present("auth")
        draft.assertionAudience = present("assertion_audience")
        draft.authorizationEndpoint = present("authorization_endpoint")
        draft.tokenEndpoint = present("token_endpoint")
        draft.keysURL = present("jwks_url")
        draft.endSessionEndpoint = given["end_session_endpoint"]
        draft.homeDomains = homeDomains ?? []
        draft.options = options.filter { !$0.value.isEmpty }
        return draft
    }

    /// The change of an identity provider that exists, with only what differs from its exported form; nil where nothing does.
    func change(from exported: JSONObject, replacing secret: Secret?) throws -> IdentityProviderChange? {
        guard given["issuer"] == nil || given["issuer"] == exported["issuer"]?.string else {
            throw AdministrationError(
                .invalid,
                "The issuer of identity provider '\(name)' cannot change, because its accounts belong to it. Add another one."
            )
        }
        func changed(_ member: String) -> String? {
            given[member].flatMap { $0 == exported[member]?.string ?? "" ? nil : $0 }
        }
        var change = IdentityProviderChange()
        change.clientID = changed("client_id")
        change.clientSecret = secret?.reveal()
        change.authMethod = changed("auth")
        change.usesKey = change.authMethod == ProviderAuthentication.privateKeyJWT.rawValue
        change.assertionAudience = changed("assertion_audience")
        change.authorizationEndpoint = changed("authorization_endpoint")
        change.tokenEndpoint = changed("token_endpoint")
        change.keysURL = changed("jwks_url")
        change.endSessionEndpoint = changed("end_session_endpoint")
        if let homeDomains, Set(homeDomains.map { $0.lowercased() }) != Set(exported["home_domains"]?.strings ?? []) {
            change.homeDomains = homeDomains
        }
        for option in IdentityProviderOptions.declared {
            guard let texts = options[option.key.name] else { continue }
            // Without a text, an option has its standard value.
            let read = texts.isEmpty ? [] : try option.read(texts).texts
            if read != exported[option.key.name]?.strings ?? [] { change.options[option.key.name] = read }
        }
        return change == IdentityProviderChange() ? nil : change
    }
}
