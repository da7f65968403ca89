/// What a client binds itself to, beyond what this server demands of every client. The raw value is the member of its metadata.
///
/// Spec: RFC 7591 §2
package enum ClientRequirement: String, CaseIterable, Codable, Sendable {
    /// Every authorization request is pushed; one in the URL is refused.
    ///
    /// Spec: RFC 9126 §6
    case pushedRequests = "require_pushed_authorization_requests"
    /// Every access token is bound to a key of the client; a request without a proof is refused.
    ///
    /// Spec: RFC 9449 §5.2
    case boundTokens = "dpop_bound_access_tokens"
}

/// The requirements of one client.
package typealias ClientRequirements = Set<ClientRequirement>
