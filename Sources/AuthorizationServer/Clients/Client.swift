package import JOSE
package import OAuth
package import Storage

/// A client as every endpoint sees it, whether an operator registered it, it registered itself, or its own document describes it.
package struct Client: Sendable {
    /// The source of what is known about a client.
    package enum Origin: Sendable {
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
    /// The source of the metadata, which decides how far the server trusts it.
    package let origin: Origin
    /// When the metadata document was read that the client comes from; nil for any other origin.
    var readAt: Timestamp?

    /// Whether an operator registered the name and the redirects.
    package var isRegistered: Bool {
        if case .registered = origin { return true }
        return false
    }

    /// The host of the client's metadata document, without port; nil for a registered client.
    package var host: String? {
        if case .document(let host, _) = origin { return host }
        return nil
    }

    /// The host for display, with its port where that is not 443; nil for a registered client.
    var shownHost: String? { host == nil ? nil : id.shownHost }

    /// Whether this client may get tokens for `resource`; an empty list in the registration means every resource.
    package func mayUse(_ resource: ResourceID) -> Bool {
        guard case .registered(let record) = origin, !record.resources.isEmpty else { return true }
        return record.resources.contains(resource)
    }
}

extension Client {
    /// The digest of the secret that this client authenticates with; nil for a client without one.
    var secret: Digest? {
        switch origin {
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
        switch origin {
        case .registered: nil
        case .document(_, let digest): digest
        case .dynamic(let record): .sha256(record.metadata)
        }
    }

    /// The same client with these redirects only.
    func redirected(to redirects: [RedirectURI]) -> Client {
        Client(id: id, metadata: metadata.redirected(to: redirects), origin: origin, readAt: readAt)
    }

    /// The MCP servers whose policies exclude this client, by its host or because no host vouches for it.
    func excluding(in transaction: Transaction) throws -> Set<ResourceID> {
        switch origin {
        case .registered: []
        case .document(let host, _): try transaction.resources.closed(toClientsOn: host)
        case .dynamic: try transaction.resources.closedToSelfRegisteredClients()
        }
    }

    /// Whether the client gets refresh tokens: yes, unless it registered grant types without `refresh_token`.
    var refreshes: Bool { metadata.allows(.refreshToken) }
}

extension Session {
    /// The host of the client's metadata document for display; nil for a registered client.
    var shownHost: String? { clientHost.map { clientID.shownHost ?? $0 } }
}

extension RegisteredClient {
    /// The record as client metadata.
    var metadata: ClientMetadata {
        ClientMetadata(
            name: name, redirectURIs: redirectURIs, authMethod: authMethod, keys: keys, grantTypes: Set(grantTypes),
            requiresPushedRequests: requiresPushedRequests, requiresBoundTokens: requiresBoundTokens)
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
