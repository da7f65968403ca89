/// What a client asks for when it starts on a device.
///
/// Spec: RFC 8628 §3.1
package struct DeviceAuthorizationRequest: Hashable, Sendable {
    /// The named scopes, without `offline_access`; nil when the request names none.
    package let scope: ScopeSet?
    /// The named MCP server; nil when the request names none.
    package let resource: ResourceIdentifier?

    /// Reads the form. Unknown parameters are ignored.
    package init(_ parameters: Parameters) throws(OAuthError) {
        scope = try ScopeRule.requested(parameters.value(.scope))
        resource = try ResourceRule.requested(parameters.repeated(.resource))
    }
}
