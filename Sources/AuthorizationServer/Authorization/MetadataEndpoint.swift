import JOSE
package import OAuth
import Synchronization

/// Publishes this server's metadata and its public keys.
/// Spec: RFC 8414 §3
package struct MetadataEndpoint: Sendable {
    /// A JSON document with its entity tag.
    package struct Document: Sendable {
        /// The JSON text.
        package let bytes: [UInt8]
        /// A strong entity tag, in quotes as the ETag header needs it.
        package let entityTag: String

        init(_ json: JSON) {
            bytes = json.bytes
            entityTag = "\"\(Digest.sha256(bytes).base64URL.prefix(22))\""
        }
    }

    private let metadata: AuthorizationServerMetadata
    private let lastMetadata = LastDocument<Int>()
    private let lastKeySet = LastDocument<JWKSet>()
    private let contexts: ReachableContexts
    private let keys: KeyRing

    init(settings: Settings, grantTypes: [GrantType], contexts: ReachableContexts, keys: KeyRing) {
        (self.contexts, self.keys) = (contexts, keys)
        var metadata = AuthorizationServerMetadata(
            issuer: settings.issuer, endpoints: AdvertisedEndpoint.allCases.filter(settings.serves),
            scopesSupported: .offlineAccess,
            grantTypes: grantTypes,
            tokenEndpointAuthMethods: ClientAuthenticationMethod.allCases,
            revocationEndpointAuthMethods: ClientAuthenticationMethod.allCases,
            introspectionEndpointAuthMethods: ClientAuthenticationMethod.confidential,
            promptValues: [.none, .login, .consent, .selectAccount], acrValues: contexts.own,
            requiresPushedRequests: settings.clients.requiresPushedRequests)
        metadata.additional = settings.additionalMetadata
        self.metadata = metadata
    }

    /// The metadata of this server: the same bytes at every well-known path. Clients ask for it all the time and anybody can, so
    /// nothing is read unless an identity provider came, went or was changed.
    package func document() async throws -> Document {
        // Before the providers are read: a later commit then outdates the document.
        let version = contexts.version
        if let document = lastMetadata.made(from: version) { return document }
        var metadata = metadata
        metadata.acrValues = try await contexts.all()
        return lastMetadata.keep(Document(metadata.json), of: version)
    }

    /// The JWK set of the public keys in use at `now`.
    /// Spec: RFC 7517 §5
    package func keySet(at now: Timestamp) -> Document {
        let keys = keys.published(at: now.seconds)
        return lastKeySet.made(from: keys) ?? lastKeySet.keep(Document(.object(keys.json)), of: keys)
    }
}

/// The document of the last request, and what it was made from.
private final class LastDocument<Source: Equatable & Sendable>: Sendable {
    private let last = Mutex<(source: Source, document: MetadataEndpoint.Document)?>(nil)

    /// The document, unless it was made from anything else.
    func made(from source: Source) -> MetadataEndpoint.Document? {
        last.withLock { $0.flatMap { $0.source == source ? $0.document : nil } }
    }

    /// Keeps a document in place of the last one, and returns it.
    func keep(_ document: MetadataEndpoint.Document, of source: Source) -> MetadataEndpoint.Document {
        last.withLock { $0 = (source, document) }
        return document
    }
}

extension Settings {
    /// Whether this server serves an endpoint. An endpoint that is off must not be advertised: clients would call it.
    fileprivate func serves(_ endpoint: AdvertisedEndpoint) -> Bool {
        switch endpoint {
        case .registration: clients.registration != .off
        case .authorization, .token, .revocation, .introspection, .pushedAuthorization, .deviceAuthorization, .keys:
            true
        }
    }
}
