import JOSE

/// A PKCE code challenge: the SHA-256 of the code verifier. No other method is supported.
///
/// Spec: RFC 7636 §4.2
/// Spec: RFC 7636 §4.3
package struct CodeChallenge: Hashable, Sendable, CustomStringConvertible {
    /// The only `code_challenge_method`: with `plain`, a reader of the request could redeem the code.
    package static let method = "S256"

    /// 43 base64url characters.
    package let string: String

    /// Parses a challenge: exactly the canonical base64url of 32 bytes.
    package init(_ text: String) throws(OAuthValueError) {
        guard text.utf8.count == 43, Base64URL.decode(text)?.count == 32 else {
            throw OAuthValueError("The code_challenge must be the 43 base64url characters of a SHA-256 digest.")
        }
        string = text
    }

    /// Makes the challenge for a verifier.
    package init(for verifier: CodeVerifier) {
        string = Digest.sha256(verifier.reveal()).base64URL
    }

    /// Whether the challenge was made from this verifier.
    ///
    /// Spec: RFC 7636 §4.6
    package func accepts(_ verifier: CodeVerifier) -> Bool {
        ConstantTime.equal(Array(string.utf8), Array(CodeChallenge(for: verifier).string.utf8))
    }

    /// The challenge itself; it is not a secret.
    package var description: String { string }
}

/// A PKCE code verifier: proves that the party that redeems a code is the one that requested it.
///
/// Spec: RFC 7636 §4.1
package struct CodeVerifier: Sendable, RedactedCredential {
    private let text: String

    /// Parses a verifier: 43 to 128 unreserved characters.
    package init(_ text: String) throws(OAuthValueError) {
        guard (43...128).contains(text.utf8.count), text.utf8.allSatisfy(\.isUnreserved) else {
            throw OAuthValueError("The code_verifier must be 43 to 128 letters, digits, or one of - . _ ~ only.")
        }
        self.text = text
    }

    private init(random: String) {
        text = random
    }

    /// A new random verifier of 256 bits, for clients.
    package static func random() -> CodeVerifier { CodeVerifier(random: Random.token(32)) }

    /// The verifier, for hashing or sending.
    package func reveal() -> String { text }
}
