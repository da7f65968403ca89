/// An MCP server's question whether a token is good.
///
/// Spec: RFC 7662 §2.1
package struct IntrospectionRequest: Sendable, RedactedCredential {
    /// The token in question.
    package let token: String

    /// Reads the form.
    package init(_ parameters: Parameters) throws(OAuthError) {
        token = try parameters.required(.token)
        _ = try parameters.value(.tokenTypeHint)
    }
}
