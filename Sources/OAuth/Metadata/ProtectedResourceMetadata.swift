package import JOSE

/// What an MCP server tells clients about itself, above all which authorization server it delegates to.
///
/// Spec: RFC 9728 §2
package struct ProtectedResourceMetadata: Hashable, Sendable {
    /// The resource identifier, as the server spells it.
    package var resource: String
    /// The issuers that it delegates to.
    package var authorizationServers: [String]
    /// The scopes that it knows.
    package var scopesSupported: [String]
    /// How it takes tokens.
    package var bearerMethods: [String]
    /// Its name for people.
    package var resourceName: String?
    /// Where its documentation is.
    package var resourceDocumentation: String?
    /// Where its privacy policy is.
    package var resourcePolicyURI: String?
    /// Where its terms are.
    package var resourceTermsURI: String?

    /// Puts metadata together.
    package init(
        resource: String, authorizationServers: [String], scopesSupported: [String] = [],
        bearerMethods: [String] = ["header"], resourceName: String? = nil, resourceDocumentation: String? = nil,
        resourcePolicyURI: String? = nil, resourceTermsURI: String? = nil
    ) {
        self.resource = resource
        self.authorizationServers = authorizationServers
        self.scopesSupported = scopesSupported
        self.bearerMethods = bearerMethods
        self.resourceName = resourceName
        self.resourceDocumentation = resourceDocumentation
        self.resourcePolicyURI = resourcePolicyURI
        self.resourceTermsURI = resourceTermsURI
    }

    /// Reads a document; only `resource` has to be there, and unknown members are passed over.
    package init(json: JSONObject) throws(OAuthValueError) {
        func member(_ field: MetadataField) -> JSON? { json[field.rawValue] }
        guard let resource = member(.resource)?.string else {
            throw OAuthValueError("Protected resource metadata has to name its resource as a string.")
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
    }

    /// The document.
    package var json: JSON {
        var writer = MetadataWriter()
        writer.write(resource, as: .resource)
        writer.write(authorizationServers, as: .authorizationServers)
        // It asks for a refresh token, which is no right at this resource.
        writer.write(scopesSupported.filter { $0 != Scope.offlineAccess.string }, as: .scopesSupported)
        writer.write(bearerMethods, as: .bearerMethods)
        writer.write(resourceName, as: .resourceName)
        writer.write(resourceDocumentation, as: .resourceDocumentation)
        writer.write(resourcePolicyURI, as: .resourcePolicyURI)
        writer.write(resourceTermsURI, as: .resourceTermsURI)
        return .object(writer.object)
    }

    /// Where the document of a resource is found: the well-known path stands between host and path.
    ///
    /// Spec: RFC 9728 §3.1
    package static func url(for resource: ResourceIdentifier) -> String {
        let path = resource.path == "/" ? "" : resource.path
        return resource.origin + "/.well-known/oauth-protected-resource" + path
            + (resource.query.map { "?\($0)" } ?? "")
    }
}
