/// Why an outbound request failed. The description is for the operator's log, never for a page.
package enum OutboundFailure: Error, Hashable, CustomStringConvertible {
    /// The URL violates the policy; nothing was sent.
    case unacceptableURL(RemoteURLError)
    /// The operator's lists do not permit this host.
    case hostNotAllowed(String)
    /// The operator's own rule for this host could not be read.
    case rulesUnavailable
    /// The fetches of this minute are used up, for this host or in total.
    case overBudget(host: String)
    /// Too many fetches are waiting.
    case busy
    /// The name has no address, or its resolution timed out.
    case unresolvable(host: String)
    /// One of the name's addresses violates the policy, so the whole name is refused.
    case refusedAddress(host: String, address: String)
    /// No address accepted the connection.
    case unreachable(String)
    /// The TLS handshake failed, most often because of the certificate.
    case untrusted(String)
    /// The connection ended before the response was complete.
    case interrupted
    /// The deadline of the exchange passed.
    case deadline
    /// The response exceeds the caller's limit.
    case oversized
    /// The body could not be written to its destination.
    case unwritable(String)
    /// The response is not HTTP/1.1.
    case malformed(String)
    /// The response has another status than 200; redirects are included.
    case status(Int)
    /// The media type of the response is not JSON.
    case mediaType(String)

    package var description: String {
        switch self {
        case .unacceptableURL(let error): "the URL is refused: \(error)"
        case .hostNotAllowed(let host): "\(host) is not allowed by the configuration or by an operator's rule"
        case .rulesUnavailable: "the operator's rule for this host could not be read"
        case .overBudget(let host): "the limit of fetches per minute is reached (\(host))"
        case .busy: "too many fetches are waiting"
        case .unresolvable(let host): "\(host) has no address"
        case .refusedAddress(let host, let address): "\(host) resolves to \(address), which is not permitted"
        case .unreachable(let detail): "no connection: \(detail)"
        case .untrusted(let detail): "TLS failed: \(detail)"
        case .interrupted: "the connection ended before the response was complete"
        case .deadline: "the response did not arrive in time"
        case .oversized: "the response is too large"
        case .unwritable(let detail): "the response could not be written: \(detail)"
        case .malformed(let detail): "the response is not HTTP/1.1: \(detail)"
        case .status(let status): "the status is \(status)"
        case .mediaType(let type): "the media type is \(type.isEmpty ? "missing" : type)"
        }
    }
}
