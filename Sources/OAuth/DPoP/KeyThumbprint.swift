package import JOSE

/// The SHA-256 thumbprint of a public key (`jkt`), to which codes and tokens are bound.
///
/// Spec: RFC 7638 §3
/// Spec: RFC 9449 §6.1
package struct KeyThumbprint: Hashable, Sendable, CustomStringConvertible {
    /// The thumbprint in base64url: 43 characters.
    package let string: String

    /// The thumbprint of a key.
    package init(of key: JWK) { string = key.thumbprint }

    /// Parses a thumbprint; refuses any other spelling of the same bytes, because thumbprints are compared as strings.
    package init(_ text: String) throws(OAuthValueError) {
        guard text.utf8.count == 43, Base64URL.decode(text)?.count == 32 else {
            throw OAuthValueError("A key thumbprint is 43 characters of base64url.")
        }
        string = text
    }

    /// The thumbprint in base64url.
    package var description: String { string }
}
