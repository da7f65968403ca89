/// What is known about a client, whether an administrator entered it or the client's own document says so.
///
/// Spec: RFC 7591 §2
package struct ClientMetadata: Hashable, Sendable {
    /// What the client calls itself, fit to be shown; a claim, not a fact.
    package let name: String
    /// Where answers may go.
    package let redirectURIs: [RedirectURI]
    /// How the client proves itself here.
    package let authMethod: ClientAuthenticationMethod
    /// The grants that it registered for; nil when it did not say, which leaves it those of this server.
    package let grantTypes: Set<GrantType>?
    /// The scopes that it registered for, if it said.
    package let scope: ScopeSet?
    /// Its home page (https).
    package let uri: String?
    /// Its logo (https), which is not to be linked from our pages.
    package let logoURI: String?
    /// Its terms (https).
    package let termsURI: String?
    /// Its privacy policy (https).
    package let policyURI: String?

    /// Puts metadata together; `name` is cleaned for showing.
    package init(
        name: String, redirectURIs: [RedirectURI], authMethod: ClientAuthenticationMethod = .none,
        grantTypes: Set<GrantType>? = nil, scope: ScopeSet? = nil, uri: String? = nil, logoURI: String? = nil,
        termsURI: String? = nil, policyURI: String? = nil
    ) {
        self.name = DisplayName(name)?.string ?? "(no name)"
        self.redirectURIs = redirectURIs
        self.authMethod = authMethod
        self.grantTypes = grantTypes
        self.scope = scope
        self.uri = uri
        self.logoURI = logoURI
        self.termsURI = termsURI
        self.policyURI = policyURI
    }

    /// Whether the client may use a grant.
    package func allows(_ grant: GrantType) -> Bool { grantTypes?.contains(grant) ?? true }
}
