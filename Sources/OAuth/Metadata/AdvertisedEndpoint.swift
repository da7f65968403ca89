/// An endpoint that the metadata of an authorization server advertises. The raw value is its member of the document.
///
/// Spec: RFC 8414 §2
package enum AdvertisedEndpoint: String, CaseIterable, Sendable {
    case authorization = "authorization_endpoint"
    case token = "token_endpoint"
    case revocation = "revocation_endpoint"
    /// Introspection, for MCP servers.
    case introspection = "introspection_endpoint"
    /// Dynamic client registration, where it is on.
    case registration = "registration_endpoint"
    /// Pushed authorization requests.
    case pushedAuthorization = "pushed_authorization_request_endpoint"
    /// Requests of devices without a browser.
    case deviceAuthorization = "device_authorization_endpoint"
    /// The key set.
    case keys = "jwks_uri"

    /// The path of the endpoint below the issuer; it begins with a slash.
    package var path: String {
        switch self {
        case .authorization: "/authorize"
        case .token: "/token"
        case .revocation: "/revoke"
        case .introspection: "/introspect"
        case .registration: "/register"
        case .pushedAuthorization: "/par"
        case .deviceAuthorization: "/device_authorization"
        case .keys: "/jwks"
        }
    }
}
