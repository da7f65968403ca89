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

    private static let member = "jkt"

    /// The value of the `cnf` claim of a token that is bound to the key.
    package var confirmation: JSON { [Self.member: .string(string)] }

    /// Reads a `cnf` claim; nil for none. One with another member is refused: it binds the token in a way that nobody checks here.
    package init?(confirmation: JSON?) throws(OAuthValueError) {
        guard let confirmation else { return nil }
        guard let members = confirmation.object, members.members.count == 1, let text = members[Self.member]?.string
        else { throw OAuthValueError("The token is bound to something other than the key of DPoP proofs.") }
        try self.init(text)
    }
}
