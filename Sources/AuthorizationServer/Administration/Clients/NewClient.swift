import JOSE
import OAuth
import Storage

/// Checks a client to register.
struct NewClient {
    private let draft: ClientDraft

    init(_ draft: ClientDraft) {
        self.draft = draft
    }

    /// The client, restricted to no MCP server yet, and the secret that it gets if its method needs one.
    func checked(at now: Timestamp) throws -> (RegisteredClient, ClientSecret?) {
        guard let method = ClientAuthenticationMethod(rawValue: draft.authMethod) else {
            throw AdministrationError(
                .invalid, "'\(draft.authMethod)' is not an authentication method of registered clients.")
        }
        guard (method == .privateKeyJWT) == (draft.keys != nil) else {
            throw AdministrationError(.invalid, "The method private_key_jwt needs keys, and no other method has any.")
        }
        let secret = method.isSharedSecret ? ClientSecret.random() : nil
        let client = RegisteredClient(
            id: try id, name: try AdministrationText.checked(draft.name, as: "The name"), redirectURIs: try redirects,
            authMethod: method, secretDigest: secret?.digest, keys: try draft.keys?.checked(),
            grantTypes: draft.grantTypes, requirements: draft.requirements, createdAt: now)
        return (client, secret)
    }

    private var id: ClientID {
        get throws {
            let id = try ClientID(draft.id ?? "client_" + Random.token(16))
            guard !id.string.hasPrefix(SubjectKind.prefix) else { throw ClientPermissionAdministration.userPrefix(id) }
            guard !id.isReservedForRegistration else {
                throw AdministrationError(
                    .invalid, "'\(id)' begins like the id of a client that registered itself. Choose another id.")
            }
            return id
        }
    }

    private var redirects: [RedirectURI] {
        get throws {
            var redirects: [RedirectURI] = []
            for text in draft.redirectURIs where !redirects.contains(where: { $0.string == text }) {
                redirects.append(try RedirectURI(text))
            }
            guard !redirects.isEmpty || draft.serviceScopes != nil || draft.usesDevice else {
                throw AdministrationError(.invalid, "A client must have at least one redirect URI.")
            }
            try OwnSchemes(draft.ownSchemes).check(redirects)
            return redirects
        }
    }
}

extension ClientDraft {
    /// The grant types of the client. One that begins only on devices has no redirect, and so no authorization code.
    fileprivate var grantTypes: [GrantType] {
        guard serviceScopes == nil else { return [.clientCredentials] }
        return (redirectURIs.isEmpty ? [] : [.authorizationCode]) + [.refreshToken] + (usesDevice ? [.deviceCode] : [])
    }
}

extension RegisteredClient {
    /// The client with these MCP servers; none for all.
    func restricted(to resources: [ResourceID]) -> RegisteredClient {
        RegisteredClient(
            id: id, name: name, redirectURIs: redirectURIs, authMethod: authMethod, secretDigest: secretDigest,
            keys: keys, grantTypes: grantTypes, requirements: requirements, resources: resources, createdAt: createdAt)
    }
}
