/// The names of client metadata members.
///
/// Spec: RFC 7591 §2
enum MetadataMember: String {
    case clientID = "client_id"
    case clientName = "client_name"
    case redirectURIs = "redirect_uris"
    case authMethod = "token_endpoint_auth_method"
    case authMethods = "token_endpoint_auth_methods_supported"
    case grantTypes = "grant_types"
    case responseTypes = "response_types"
    case applicationType = "application_type"
    case scope
    case clientURI = "client_uri"
    case logoURI = "logo_uri"
    case termsURI = "tos_uri"
    case policyURI = "policy_uri"
    case jwks
    case jwksURI = "jwks_uri"
    case keys
    case softwareStatement = "software_statement"
    case clientSecret = "client_secret"
    case clientSecretExpiresAt = "client_secret_expires_at"

    /// Whether the member holds a URL or scopes, for which an empty text counts as absent.
    var isLinkOrScope: Bool {
        switch self {
        case .scope, .clientURI, .logoURI, .termsURI, .policyURI, .jwksURI: true
        case .clientID, .clientName, .redirectURIs, .authMethod, .authMethods, .grantTypes, .responseTypes,
            .applicationType, .jwks, .keys, .softwareStatement, .clientSecret, .clientSecretExpiresAt:
            false
        }
    }
}
