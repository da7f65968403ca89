package import JOSE
package import OAuth
package import Storage

/// A client as every endpoint sees it, whether an operator registered it or its own document describes it.
package struct Client: Sendable {
    /// Where what is known of a client comes from.
    package enum Origin: Sendable {
        /// An operator entered it; a secret may belong to it.
        case registered(RegisteredClient)
        /// Its metadata document says so; the digest covers the members that an approval rests on, and is nil where
        /// the document did not have to be read.
        case document(host: String, digest: Digest?)
    }

    package let id: ClientID
    package let metadata: ClientMetadata
    package let origin: Origin

    /// Whether an operator vouches for the name and the redirects.
    package var isRegistered: Bool {
        if case .registered = origin { return true }
        return false
    }

    /// The host that stands behind the client's identifier, nil for a registered one.
    package var host: String? {
        if case .document(let host, _) = origin { return host }
        return nil
    }

    /// The same host as people read it, with its port where that is not 443.
    var shownHost: String? { host == nil ? nil : id.shownHost }

    /// Whether this client may ask for tokens of `resource`; an empty list at registration means any.
    package func mayUse(_ resource: ResourceID) -> Bool {
        guard case .registered(let record) = origin, !record.resources.isEmpty else { return true }
        return record.resources.contains(resource)
    }
}

extension Client {
    /// What this client proves itself with.
    var credential: RegisteredCredential {
        guard case .registered(let record) = origin, let digest = record.secretDigest else { return .nothing }
        return .secret(digest)
    }

    /// The digest of the document that the client was learnt from, nil for a registered client.
    var documentDigest: Digest? {
        if case .document(_, let digest) = origin { return digest }
        return nil
    }

    /// Whether the client holds refresh tokens: it does unless it registered grant types without them.
    var refreshes: Bool { metadata.allows(.refreshToken) }
}

extension Session {
    /// The host of the client's document as people read it, nil for a client that was registered.
    var shownHost: String? { clientHost.map { clientID.shownHost ?? $0 } }
}

extension RegisteredClient {
    /// What the operator entered, in the words of a metadata document.
    var metadata: ClientMetadata {
        ClientMetadata(name: name, redirectURIs: redirectURIs, authMethod: authMethod, grantTypes: Set(grantTypes))
    }
}

extension Resource {
    /// The scopes on offer, those that a request gets which names none, and which include others.
    var catalogue: ScopeCatalogue {
        ScopeCatalogue(
            known: ScopeSet(scopes.map(\.scope)), defaults: ScopeSet(scopes.filter { !$0.onRequest }.map(\.scope)),
            implications: scopes.implications)
    }
}
