/// The supported authentication methods of clients and MCP servers, in the order of the metadata.
///
/// A new method is a case here and a file in `Token/ClientAuthentication`; the compiler lists what else it needs.
///
/// Spec: RFC 7591 §2
package enum ClientAuthenticationMethod: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A public client, which only PKCE protects.
    case none
    /// A JWT that the client signs with its private key.
    case privateKeyJWT = "private_key_jwt"
    /// A secret in the `Authorization` header field (HTTP Basic).
    case clientSecretBasic = "client_secret_basic"
    /// A secret in the form body.
    case clientSecretPost = "client_secret_post"

    /// The wire value.
    package var description: String { rawValue }

    /// Whether both sides hold the same secret.
    package var isSharedSecret: Bool {
        switch self {
        case .none, .privateKeyJWT: false
        case .clientSecretBasic, .clientSecretPost: true
        }
    }

    /// The methods of MCP servers, which are never public.
    package static let confidential = allCases.filter { $0 != .none }

    /// The methods of clients with a metadata document: a document is public, and so would be its secret.
    package static let ofDocuments = allCases.filter { !$0.isSharedSecret }
}
