package import JOSE
package import OAuth
package import Storage

/// A client as every endpoint sees it, whether an operator registered it, it registered itself, or its own document describes it.
package struct Client: Sendable {
    /// The record from which a client is known.
    package enum Source: Sendable {
        /// The record of an operator, which may include a secret.
        case registered(RegisteredClient)
        /// The client's metadata document. The digest covers the members that an approval rests on; it is nil where the document
        /// was not read.
        case document(host: String, digest: Digest?)
        /// The client's own registration, for which nobody vouches.
        case dynamic(DynamicClient)
    }

    /// The `client_id`.
    package let id: ClientID
    /// Name, redirects, authentication method and grant types.
    package let metadata: ClientMetadata
    /// The record that the metadata comes from.
    package let source: Source
    /// When the metadata document was read that the client comes from; nil for any other source.
    var readAt: Timestamp?

    /// Who vouches for the client.
    package var origin: ClientOrigin {
        switch source {
        case .registered: .registered
        case .document(let host, _): .document(host: host)
        case .dynamic: .selfRegistered
        }
    }

    /// The client's own registration; nil for a client that did not register itself.
    var ownRegistration: DynamicClient? {
        guard case .dynamic(let record) = source else { return nil }
        return record
    }

    /// Whether this client may get tokens for `resource`; an empty list in the registration means every resource.
    package func mayUse(_ resource: ResourceID) -> Bool {
        guard case .registered(let record) = source else { return true }
        return record.mayUse(resource)
    }
}

extension Client {
    /// The digest of the secret that this client authenticates with; nil for a client without one.
    var secret: Digest? {
        switch source {
        case .registered(let record): record.secretDigest
        case .dynamic(let record): record.secretDigest
        case .document: nil
        }
    }

    /// How the client has to authenticate for a session that is approved now; nil where it may come without its key.
    var demandedMethod: ClientAuthenticationMethod? {
        metadata.authMethods == [.privateKeyJWT] ? .privateKeyJWT : nil
    }

    /// The digest of what the client says about itself, in its document or its registration; nil for a client that an operator
    /// registered. When it changes, the consent page says so.
    var documentDigest: Digest? {
        switch source {
        case .registered: nil
        case .document(_, let digest): digest
        case .dynamic(let record): .sha256(record.metadata)
        }
    }

    /// The same client with these redirects only.
    func redirected(to redirects: [RedirectURI]) -> Client {
        Client(id: id, metadata: metadata.redirected(to: redirects), source: source, readAt: readAt)
    }

    /// Whether the client gets refresh tokens: yes, unless it registered grant types without `refresh_token`.
    var refreshes: Bool { metadata.allows(.refreshToken) }
}

extension ClientOrigin {
    /// The MCP servers whose policies exclude a client of this origin, by its host or because no host vouches for it.
    func excluding(in transaction: Transaction) throws -> Set<ResourceID> {
        switch self {
        case .registered: []
        case .document(let host): try transaction.resources.closed(toClientsOn: host)
        case .selfRegistered: try transaction.resources.closedToSelfRegisteredClients()
        }
    }
}

extension RegisteredClient {
    /// Whether the client may request access to `resource`; an empty list means every MCP server.
    func mayUse(_ resource: ResourceID) -> Bool { resources.isEmpty || resources.contains(resource) }

    /// The record as client metadata.
    var metadata: ClientMetadata {
        ClientMetadata(
            name: name, redirectURIs: redirectURIs, authMethod: authMethod, keys: keys, grantTypes: Set(grantTypes),
            requirements: requirements)
    }
}

extension Resource {
    /// The scopes of the MCP server, its default scopes, and which scopes include others.
    var catalogue: ScopeCatalogue {
        ScopeCatalogue(
            known: ScopeSet(scopes.map(\.scope)), defaults: ScopeSet(scopes.filter { !$0.onRequest }.map(\.scope)),
            implications: scopes.implications)
    }
}
