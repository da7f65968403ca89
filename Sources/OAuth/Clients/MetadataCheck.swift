/// The checks of a metadata document, in their order.
package enum MetadataCheck: String, CaseIterable, Sendable {
    /// The document is strict JSON within the limits.
    case json
    /// Its `client_id` is its own URL.
    case identity
    /// It holds no secrets and no private keys.
    case secrets
    /// Its name can be displayed.
    case name
    /// At least one of its redirect URIs is usable.
    case redirects
    /// It supports an authentication method of this server.
    case method
    /// Its grant types, scopes and links are well-formed.
    case rest
}
