package import JOSE

/// The metadata document of an MCP server, which names its authorization server.
///
/// Spec: RFC 9728 §2
package struct ProtectedResourceMetadata: Hashable, Sendable {
    /// The resource identifier, as the MCP server spells it.
    package var resource: String
    /// The issuers of its authorization servers.
    package var authorizationServers: [String]
    /// The scopes that clients should request.
    package var scopesSupported: [String]
    /// The supported ways to send a token.
    package var bearerMethods: [String]
    /// The display name.
    package var resourceName: String?
    /// The URL of the documentation.
    package var resourceDocumentation: String?
    /// The URL of the privacy policy.
    package var resourcePolicyURI: String?
    /// The URL of the terms of service.
    package var resourceTermsURI: String?
    /// The signature algorithms of accepted proofs of possession; empty where no token may be bound to a key.
    package var proofAlgorithms: [String]
    /// Whether every access token must be bound to a key.
    package var requiresBoundTokens: Bool

    /// Makes metadata from its members.
    package init(
        resource: String, authorizationServers: [String], scopesSupported: [String] = [],
        bearerMethods: [String] = ["header"], resourceName: String? = nil, resourceDocumentation: String? = nil,
        resourcePolicyURI: String? = nil, resourceTermsURI: String? = nil, proofAlgorithms: [String] = [],
        requiresBoundTokens: Bool = false
    ) {
        self.resource = resource
        self.authorizationServers = authorizationServers
        self.scopesSupported = scopesSupported
        self.bearerMethods = bearerMethods
        self.resourceName = resourceName
        self.resourceDocumentation = resourceDocumentation
        self.resourcePolicyURI = resourcePolicyURI
        self.resourceTermsURI = resourceTermsURI
        self.proofAlgorithms = proofAlgorithms
        self.requiresBoundTokens = requiresBoundTokens
    }

    /// Parses a document; only `resource` is mandatory, and unknown members are ignored.
    package init(json: JSONObject) throws(OAuthValueError) {
        func member(_ field: MetadataField) -> JSON? { json[field.rawValue] }
        guard let resource = member(.resource)?.string else {
            throw OAuthValueError("Protected resource metadata must name its resource as a string.")
        }
        _ = try ResourceIdentifier(resource)
        self.resource = resource
        authorizationServers = member(.authorizationServers)?.strings ?? []
        scopesSupported = (member(.scopesSupported)?.strings ?? []).filter { (try? Scope($0)) != nil }
        bearerMethods = member(.bearerMethods)?.strings ?? []
        resourceName = member(.resourceName)?.string
        resourceDocumentation = member(.resourceDocumentation)?.string
        resourcePolicyURI = member(.resourcePolicyURI)?.string
        resourceTermsURI = member(.resourceTermsURI)?.string
        proofAlgorithms = member(.proofAlgorithms)?.strings ?? []
        requiresBoundTokens = member(.requiresBoundTokens)?.bool ?? false
    }

    /// The document as JSON.
    package var json: JSON {
        var writer = MetadataWriter()
        writer.write(resource, as: .resource)
        writer.write(authorizationServers, as: .authorizationServers)
        // offline_access requests a refresh token; it is no scope of this resource.
        writer.write(scopesSupported.filter { $0 != Scope.offlineAccess.string }, as: .scopesSupported)
        writer.write(bearerMethods, as: .bearerMethods)
        writer.write(resourceName, as: .resourceName)
        writer.write(resourceDocumentation, as: .resourceDocumentation)
        writer.write(resourcePolicyURI, as: .resourcePolicyURI)
        writer.write(resourceTermsURI, as: .resourceTermsURI)
        writer.write(proofAlgorithms, as: .proofAlgorithms)
        writer.write(requiresBoundTokens ? true : nil, as: .requiresBoundTokens)
        return .object(writer.object)
    }

    /// The URL of a resource's document: the well-known path is inserted between host and path.
    ///
    /// Spec: RFC 9728 §3.1
    package static func url(for resource: ResourceIdentifier) -> String {
        let path = resource.path == "/" ? "" : resource.path
        return resource.origin + "/.well-known/oauth-protected-resource" + path
            + (resource.query.map { "?\($0)" } ?? "")
    }
}
