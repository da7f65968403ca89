package import JOSE

/// What an authorization server tells clients about itself. Whoever fills it answers for every word of it.
///
/// Spec: RFC 8414 §2
/// Spec: RFC 9207 §3
package struct AuthorizationServerMetadata: Hashable, Sendable {
    /// The issuer, exactly as configured.
    package var issuer: Issuer
    /// Where people are sent.
    package var authorizationEndpoint: String?
    /// Where tokens are had.
    package var tokenEndpoint: String?
    /// Where tokens are given up.
    package var revocationEndpoint: String?
    /// Where MCP servers ask about tokens.
    package var introspectionEndpoint: String?
    /// Where the public keys are.
    package var jwksURI: String?
    /// Where clients register, if they may.
    package var registrationEndpoint: String?
    /// Scopes that belong to no resource.
    package var scopesSupported: ScopeSet
    /// The grants that work.
    package var grantTypes: [GrantType]
    /// The response types that work.
    package var responseTypes: [ResponseType]
    /// How authorization answers travel.
    package var responseModes: [String]
    /// How clients prove themselves at the token endpoint.
    package var tokenEndpointAuthMethods: [ClientAuthenticationMethod]
    /// How clients prove themselves when they give tokens up.
    package var revocationEndpointAuthMethods: [ClientAuthenticationMethod]
    /// How MCP servers prove themselves.
    package var introspectionEndpointAuthMethods: [ClientAuthenticationMethod]
    /// The PKCE methods that work.
    package var codeChallengeMethods: [String]
    /// The prompts that are honoured.
    package var promptValues: [Prompt]
    /// The ways in which people sign in.
    package var acrValues: [AuthenticationContext]
    /// Whether every authorization answer carries `iss`.
    package var sendsIssuer: Bool
    /// Whether a client may be the URL of its metadata document.
    package var takesMetadataDocuments: Bool
    /// Where operators' documentation is.
    package var serviceDocumentation: String?

    /// Puts metadata together.
    package init(
        issuer: Issuer, authorizationEndpoint: String? = nil, tokenEndpoint: String? = nil,
        revocationEndpoint: String? = nil, introspectionEndpoint: String? = nil, jwksURI: String? = nil,
        registrationEndpoint: String? = nil, scopesSupported: ScopeSet = [], grantTypes: [GrantType],
        responseTypes: [ResponseType] = [.code], responseModes: [String] = ["query"],
        tokenEndpointAuthMethods: [ClientAuthenticationMethod],
        revocationEndpointAuthMethods: [ClientAuthenticationMethod] = [],
        introspectionEndpointAuthMethods: [ClientAuthenticationMethod] = [],
        codeChallengeMethods: [String] = [CodeChallenge.method], promptValues: [Prompt] = [],
        acrValues: [AuthenticationContext] = [], sendsIssuer: Bool = true, takesMetadataDocuments: Bool = true,
        serviceDocumentation: String? = nil
    ) {
        self.issuer = issuer
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.revocationEndpoint = revocationEndpoint
        self.introspectionEndpoint = introspectionEndpoint
        self.jwksURI = jwksURI
        self.registrationEndpoint = registrationEndpoint
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
        self.serviceDocumentation = serviceDocumentation
    }

    /// The document.
    package var json: JSON {
        var writer = MetadataWriter()
        writer.write(issuer.string, as: .issuer)
        writer.write(authorizationEndpoint, as: .authorizationEndpoint)
        writer.write(tokenEndpoint, as: .tokenEndpoint)
        writer.write(revocationEndpoint, as: .revocationEndpoint)
        writer.write(introspectionEndpoint, as: .introspectionEndpoint)
        writer.write(jwksURI, as: .jwksURI)
        writer.write(registrationEndpoint, as: .registrationEndpoint)
        writer.write(scopesSupported.scopes.map(\.string), as: .scopesSupported)
        writer.write(responseTypes, as: .responseTypes)
        writer.write(responseModes, as: .responseModes)
        writer.write(grantTypes, as: .grantTypes)
        writer.write(tokenEndpointAuthMethods, as: .tokenEndpointAuthMethods)
        writer.write(revocationEndpointAuthMethods, as: .revocationEndpointAuthMethods)
        writer.write(introspectionEndpointAuthMethods, as: .introspectionEndpointAuthMethods)
        writer.write(codeChallengeMethods, as: .codeChallengeMethods)
        writer.write(promptValues, as: .promptValues)
        writer.write(acrValues, as: .acrValues)
        writer.write(sendsIssuer, as: .issuerParameter)
        writer.write(takesMetadataDocuments, as: .metadataDocuments)
        // OpenID's default for the second one is true, so silence would promise what is not served.
        writer.write(false, as: .requestParameter)
        writer.write(false, as: .requestURIParameter)
        // Who parses the document as OpenID's refuses it without these two. Subjects are the same at every client; no
        // identity token is issued, and the keys at jwks_uri could sign one in this way alone.
        writer.write(["public"], as: .subjectTypes)
        writer.write([SignatureAlgorithm.es256], as: .identityTokenAlgorithms)
        writer.write(serviceDocumentation, as: .serviceDocumentation)
        return .object(writer.object)
    }

    /// The paths at which clients look for the document, each of which answers with the same bytes.
    ///
    /// For an issuer with a path `atRoot` adds the two addresses of its host itself, where clients look that leave the path
    /// out. No other issuer of the host can have them then.
    ///
    /// Spec: RFC 8414 §3.1
    package static func paths(for issuer: Issuer, atRoot: Bool) -> [String] {
        let names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]
        guard !issuer.path.isEmpty else { return names }
        return names.map { $0 + issuer.path } + names.map { issuer.path + $0 } + (atRoot ? names : [])
    }
}
