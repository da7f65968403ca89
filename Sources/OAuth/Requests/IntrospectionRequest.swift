/// A request of an MCP server to introspect a token.
///
/// Spec: RFC 7662 §2.1
package struct IntrospectionRequest: Sendable, RedactedCredential {
    /// The token to introspect.
    package let token: String

    /// Reads the form.
    package init(_ parameters: Parameters) throws(OAuthError) {
        token = try parameters.required(.token)
        _ = try parameters.value(.tokenTypeHint)
    }
}
