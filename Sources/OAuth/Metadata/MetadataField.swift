/// The member names of authorization server and protected resource metadata, except those of `AdvertisedEndpoint`.
///
/// Spec: RFC 8414 §2
/// Spec: RFC 9728 §2
enum MetadataField: String {
    case issuer
    case scopesSupported = "scopes_supported"
    case responseTypes = "response_types_supported"
    case responseModes = "response_modes_supported"
    case grantTypes = "grant_types_supported"
    case tokenEndpointAuthMethods = "token_endpoint_auth_methods_supported"
    case revocationEndpointAuthMethods = "revocation_endpoint_auth_methods_supported"
    case introspectionEndpointAuthMethods = "introspection_endpoint_auth_methods_supported"
    case tokenEndpointAlgorithms = "token_endpoint_auth_signing_alg_values_supported"
    case revocationEndpointAlgorithms = "revocation_endpoint_auth_signing_alg_values_supported"
    case introspectionEndpointAlgorithms = "introspection_endpoint_auth_signing_alg_values_supported"
    case codeChallengeMethods = "code_challenge_methods_supported"
    case promptValues = "prompt_values_supported"
    case acrValues = "acr_values_supported"
    case issuerParameter = "authorization_response_iss_parameter_supported"
    case metadataDocuments = "client_id_metadata_document_supported"
    case requestParameter = "request_parameter_supported"
    case requestURIParameter = "request_uri_parameter_supported"
    case requiresPushedRequests = "require_pushed_authorization_requests"
    case proofAlgorithms = "dpop_signing_alg_values_supported"
    case subjectTypes = "subject_types_supported"
    case identityTokenAlgorithms = "id_token_signing_alg_values_supported"
    case serviceDocumentation = "service_documentation"
    case resource
    case authorizationServers = "authorization_servers"
    case bearerMethods = "bearer_methods_supported"
    case resourceName = "resource_name"
    case resourceDocumentation = "resource_documentation"
    case resourcePolicyURI = "resource_policy_uri"
    case resourceTermsURI = "resource_tos_uri"
    case requiresBoundTokens = "dpop_bound_access_tokens_required"
}
