/// A client's request to revoke a token.
///
/// Spec: RFC 7009 §2.1
package struct RevocationRequest: Sendable, RedactedCredential {
    /// An access token or a refresh token. Its form shows its kind, so `token_type_hint` is not needed.
    package let token: String

    /// Reads the form.
    package init(_ parameters: Parameters) throws(OAuthError) {
        token = try parameters.required(.token)
        _ = try parameters.value(.tokenTypeHint)
    }
}
