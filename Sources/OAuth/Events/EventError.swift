/// What a receiver may say is wrong with an event, in the words of the registry.
///
/// Spec: RFC 8935 §2.4
package enum EventError: String, Sendable, CaseIterable {
    /// The request or the event cannot be read.
    case invalidRequest = "invalid_request"
    /// The key of the signature is not known or not accepted.
    case invalidKey = "invalid_key"
    /// The issuer is not one that the receiver trusts.
    case invalidIssuer = "invalid_issuer"
    /// The event is meant for somebody else.
    case invalidAudience = "invalid_audience"
    /// The sender did not prove who it is.
    case authenticationFailed = "authentication_failed"
    /// The sender may not send this.
    case accessDenied = "access_denied"

    /// Whether the receiver may have to mend something on its side first, such as keys that it has not fetched yet;
    /// all else is answered the same the next time.
    package var mayHeal: Bool { self == .invalidKey || self == .authenticationFailed }
}
