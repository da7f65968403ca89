/// What a metadata document is checked for, in the order in which it is done.
package enum MetadataCheck: String, CaseIterable, Sendable {
    /// Strict JSON within its bounds.
    case json
    /// Its own URL as `client_id`.
    case identity
    /// No secrets and no private keys.
    case secrets
    /// A name that can be shown.
    case name
    /// Redirects to safe places.
    case redirects
    /// A way to authenticate that is served here.
    case method
    /// Grants, scopes and links that can be read.
    case rest
}
