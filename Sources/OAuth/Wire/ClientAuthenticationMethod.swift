/// How clients and MCP servers authenticate at this server: the methods that are served, in the order in which metadata lists them.
///
/// A new method is a case here and a file in `Token/ClientAuthentication`; the compiler lists what else it needs.
///
/// Spec: RFC 7591 §2
package enum ClientAuthenticationMethod: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A public client: PKCE is its proof.
    case none
    /// A secret in the Authorization header.
    case clientSecretBasic = "client_secret_basic"
    /// A secret in the form.
    case clientSecretPost = "client_secret_post"

    /// The word on the wire.
    package var description: String { rawValue }

    /// Whether both sides hold the same secret.
    package var isSharedSecret: Bool {
        switch self {
        case .none: false
        case .clientSecretBasic, .clientSecretPost: true
        }
    }

    /// The methods of MCP servers, which are never public.
    package static let confidential = allCases.filter { $0 != .none }

    /// The methods of clients with a metadata document: a document is public, and so would be its secret.
    package static let ofDocuments = allCases.filter { !$0.isSharedSecret }
}
