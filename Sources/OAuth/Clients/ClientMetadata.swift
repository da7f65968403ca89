/// The metadata of a client, from an administrator's record or from the client's own document.
///
/// Spec: RFC 7591 §2
package struct ClientMetadata: Hashable, Sendable {
    /// The client's name, cleaned for display. A document's name is a claim that nobody verified.
    package let name: String
    /// The registered redirect URIs.
    package private(set) var redirectURIs: [RedirectURI]
    /// The authentication methods that the client may use at this server, never none at all; the first is the one that it prefers.
    package let authMethods: [ClientAuthenticationMethod]
    /// The client's keys; nil for a client that registered none.
    package let keys: ClientKeys?
    /// The registered grant types; nil for a client that registered none, which may use every grant type of this server.
    package let grantTypes: Set<GrantType>?
    /// What the client binds itself to.
    package let requirements: ClientRequirements
    /// The registered scopes; nil for a client that registered none.
    package let scope: ScopeSet?
    /// The URL of the client's home page (https).
    package let uri: String?
    /// The URL of the client's logo (https). No page may link it, because loading it would tell the client about the user.
    package let logoURI: String?
    /// The URL of the client's terms of service (https).
    package let termsURI: String?
    /// The URL of the client's privacy policy (https).
    package let policyURI: String?

    /// Metadata whose `name` is cleaned for display.
    package init(
        name: String, redirectURIs: [RedirectURI], authMethod: ClientAuthenticationMethod = .none,
        or alternatives: [ClientAuthenticationMethod] = [], keys: ClientKeys? = nil, grantTypes: Set<GrantType>? = nil,
        requirements: ClientRequirements = [], scope: ScopeSet? = nil,
        uri: String? = nil, logoURI: String? = nil, termsURI: String? = nil, policyURI: String? = nil
    ) {
        self.name = DisplayName(name)?.string ?? "(no name)"
        self.redirectURIs = redirectURIs
        authMethods = [authMethod] + alternatives
        self.keys = keys
        self.grantTypes = grantTypes
        self.requirements = requirements
        self.scope = scope
        self.uri = uri
        self.logoURI = logoURI
        self.termsURI = termsURI
        self.policyURI = policyURI
    }

    /// The same metadata with these redirect URIs.
    package func redirected(to redirects: [RedirectURI]) -> ClientMetadata {
        var metadata = self
        metadata.redirectURIs = redirects
        return metadata
    }

    /// The authentication method that the client prefers.
    package var authMethod: ClientAuthenticationMethod { authMethods[0] }

    /// Whether the client may use a grant type.
    package func allows(_ grant: GrantType) -> Bool { grantTypes?.contains(grant) ?? true }
}
