/// The error codes that a receiver may return for an event.
///
/// Spec: RFC 8935 §2.4
package enum EventError: String, Sendable, CaseIterable {
    /// The request or the event is malformed.
    case invalidRequest = "invalid_request"
    /// The signing key is unknown or not accepted.
    case invalidKey = "invalid_key"
    /// The receiver does not trust the issuer.
    case invalidIssuer = "invalid_issuer"
    /// The event is for another audience.
    case invalidAudience = "invalid_audience"
    /// The sender is not authenticated.
    case authenticationFailed = "authentication_failed"
    /// The sender is not allowed to send the event.
    case accessDenied = "access_denied"

    /// Whether another attempt can succeed: the receiver may have to fetch new keys first. Every other error would be
    /// the same the next time.
    package var isRetryable: Bool { self == .invalidKey || self == .authenticationFailed }
}
