package import JOSE

/// The metadata document of an authorization server. It must list only what the server supports.
///
/// Spec: RFC 8414 §2
/// Spec: RFC 9207 §3
package struct AuthorizationServerMetadata: Hashable, Sendable {
    /// The issuer, exactly as configured.
    package var issuer: Issuer
    /// The endpoints that the server serves.
    package var endpoints: [AdvertisedEndpoint]
    /// The scopes that belong to no resource.
    package var scopesSupported: ScopeSet
    /// The supported grant types.
    package var grantTypes: [GrantType]
    /// The supported response types.
    package var responseTypes: [ResponseType]
    /// The supported response modes.
    package var responseModes: [String]
    /// The client authentication methods of the token endpoint.
    package var tokenEndpointAuthMethods: [ClientAuthenticationMethod]
    /// The client authentication methods of the revocation endpoint.
    package var revocationEndpointAuthMethods: [ClientAuthenticationMethod]
    /// The client authentication methods of the introspection endpoint.
    package var introspectionEndpointAuthMethods: [ClientAuthenticationMethod]
    /// The supported PKCE methods.
    package var codeChallengeMethods: [String]
    /// The supported `prompt` values.
    package var promptValues: [Prompt]
    /// The supported `acr` values.
    package var acrValues: [AuthenticationContext]
    /// Whether every authorization response contains `iss`.
    package var sendsIssuer: Bool
    /// Whether a `client_id` may be the URL of a metadata document.
    package var takesMetadataDocuments: Bool
    /// Whether every client must push its authorization requests.
    package var requiresPushedRequests: Bool
    /// The URL of the service documentation.
    package var serviceDocumentation: String?
    /// Members that this server has besides those of the specifications.
    package var additional = JSONObject()

    /// Makes metadata from its members.
    package init(
        issuer: Issuer, endpoints: [AdvertisedEndpoint] = [], scopesSupported: ScopeSet = [], grantTypes: [GrantType],
        responseTypes: [ResponseType] = [.code], responseModes: [String] = ["query"],
        tokenEndpointAuthMethods: [ClientAuthenticationMethod],
        revocationEndpointAuthMethods: [ClientAuthenticationMethod] = [],
        introspectionEndpointAuthMethods: [ClientAuthenticationMethod] = [],
        codeChallengeMethods: [String] = [CodeChallenge.method], promptValues: [Prompt] = [],
        acrValues: [AuthenticationContext] = [], sendsIssuer: Bool = true, takesMetadataDocuments: Bool = true,
        requiresPushedRequests: Bool = false, serviceDocumentation: String? = nil
    ) {
        self.issuer = issuer
        self.endpoints = endpoints
        self.scopesSupported = scopesSupported
        self.grantTypes = grantTypes
        self.responseTypes = responseTypes
        self.responseModes = responseModes
        self.tokenEndpointAuthMethods = tokenEndpointAuthMethods
        self.revocationEndpointAuthMethods = revocationEndpointAuthMethods
        self.introspectionEndpointAuthMethods = introspectionEndpointAuthMethods
        self.codeChallengeMethods = codeChallengeMethods
        self.promptValues = promptValues
        self.acrValues = acrValues
        self.sendsIssuer = sendsIssuer
        self.takesMetadataDocuments = takesMetadataDocuments
        self.requiresPushedRequests = requiresPushedRequests
        self.serviceDocumentation = serviceDocumentation
    }

    /// The document as JSON.
    package var json: JSON {
        var writer = MetadataWriter()
        writer.write(issuer.string, as: .issuer)
        for endpoint in endpoints { writer.write(issuer.endpoint(endpoint.path), as: endpoint) }
        writer.write(scopesSupported.scopes.map(\.string), as: .scopesSupported)
        writer.write(responseTypes, as: .responseTypes)
        writer.write(responseModes, as: .responseModes)
        writer.write(grantTypes, as: .grantTypes)
        writer.write(tokenEndpointAuthMethods, as: .tokenEndpointAuthMethods)
        writer.write(revocationEndpointAuthMethods, as: .revocationEndpointAuthMethods)
        writer.write(introspectionEndpointAuthMethods, as: .introspectionEndpointAuthMethods)
        writer.write(Self.algorithms(for: tokenEndpointAuthMethods), as: .tokenEndpointAlgorithms)
        writer.write(Self.algorithms(for: revocationEndpointAuthMethods), as: .revocationEndpointAlgorithms)
        writer.write(Self.algorithms(for: introspectionEndpointAuthMethods), as: .introspectionEndpointAlgorithms)
        writer.write(codeChallengeMethods, as: .codeChallengeMethods)
        writer.write(promptValues, as: .promptValues)
        writer.write(acrValues, as: .acrValues)
        writer.write(sendsIssuer, as: .issuerParameter)
        writer.write(takesMetadataDocuments, as: .metadataDocuments)
        // OpenID's default for the second member is true, so omitting it would announce an unsupported feature.
        writer.write(false, as: .requestParameter)
        writer.write(false, as: .requestURIParameter)
        writer.write(requiresPushedRequests ? true : nil, as: .requiresPushedRequests)
        writer.write(DPoPProof.algorithms, as: .proofAlgorithms)
        // OpenID parsers reject the document without these two. Subjects are the same for every client. No ID token is
        // issued; the keys at jwks_uri could sign one with this algorithm only.
        writer.write(["public"], as: .subjectTypes)
        writer.write([SignatureAlgorithm.es256], as: .identityTokenAlgorithms)
        writer.write(serviceDocumentation, as: .serviceDocumentation)
        var document = writer.object
        for (name, value) in additional.members { document[name] = value }
        return .object(document)
    }

    /// The signature algorithms of client assertions; none where no method is signed.
    private static func algorithms(for methods: [ClientAuthenticationMethod]) -> [SignatureAlgorithm] {
        methods.contains(.privateKeyJWT) ? SignatureAlgorithm.allCases : []
    }

    /// The paths at which clients look for the document; all of them serve the same bytes.
    ///
    /// For an issuer with a path, `atRoot` adds the two locations without the path, for clients that omit it. No other issuer of
    /// the host can use them then.
    ///
    /// Spec: RFC 8414 §3.1
    package static func paths(for issuer: Issuer, atRoot: Bool) -> [String] {
        let names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
        guard !issuer.path.isEmpty else { return names }
        return names.map { $0 + issuer.path } + names.map { issuer.path + $0 } + (atRoot ? names : [])
    }
}
