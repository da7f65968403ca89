import JOSE
package import OAuth

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
    /// The document while no identity provider adds a context, made once.
    private let usual: Document
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
        usual = Document(metadata.json)
    }

    /// The metadata of this server: the same bytes at every well-known path.
    package func document() async throws -> Document {
        let reachable = try await contexts.all()
        guard reachable != contexts.own else { return usual }
        var extended = metadata
        extended.acrValues = reachable
        return Document(extended.json)
    }

    /// The JWK set of the public keys in use at `now`.
    /// Spec: RFC 7517 §5
    package func keySet(at now: Timestamp) -> Document { Document(.object(keys.published(at: now.seconds).json)) }
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
