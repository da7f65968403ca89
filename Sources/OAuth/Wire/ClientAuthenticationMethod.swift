/// How a client proves itself at the token endpoint.
///
/// Spec: RFC 7591 §2
package struct ClientAuthenticationMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word on the wire.
    package let rawValue: String

    /// Takes any word: unknown ones are carried, not refused.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word itself.
    package var description: String { rawValue }

    /// A public client: PKCE is its proof.
    package static let none = ClientAuthenticationMethod(rawValue: "none")
    /// A secret in the Authorization header.
    package static let clientSecretBasic = ClientAuthenticationMethod(rawValue: "client_secret_basic")
    /// A secret in the form.
    package static let clientSecretPost = ClientAuthenticationMethod(rawValue: "client_secret_post")
    /// An assertion under a shared secret.
    package static let clientSecretJWT = ClientAuthenticationMethod(rawValue: "client_secret_jwt")
    /// An assertion under the client's own key.
    package static let privateKeyJWT = ClientAuthenticationMethod(rawValue: "private_key_jwt")
}
