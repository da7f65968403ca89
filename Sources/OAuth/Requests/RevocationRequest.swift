/// A client's wish to give a token up.
///
/// Spec: RFC 7009 §2.1
package struct RevocationRequest: Sendable, RedactedCredential {
    /// The token, of whatever kind: its form tells, so that the hint need not be trusted.
    package let token: String

    /// Reads the form.
    package init(_ parameters: Parameters) throws(OAuthError) {
        token = try parameters.required(.token)
        _ = try parameters.value(.tokenTypeHint)
    }
}
