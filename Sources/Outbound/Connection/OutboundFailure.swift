/// Why a request to the outside failed: a sentence for the operator's log, never for a stranger's page.
package enum OutboundFailure: Error, Hashable, CustomStringConvertible {
    /// The address is not one that this policy fetches from; nothing was sent.
    case unacceptableURL(RemoteURLError)
    /// The operator's lists leave this host out.
    case hostNotAllowed(String)
    /// The operator's own rule for this host could not be read.
    case rulesUnavailable
    /// This host, or all strangers together, have used up this minute's fetches.
    case overBudget(host: String)
    /// Too many fetches wait already.
    case busy
    /// The name has no address, or none came in time.
    case unresolvable(host: String)
    /// One of the name's addresses lies where this policy does not go, so the whole name is refused.
    case refusedAddress(host: String, address: String)
    /// No address took the connection.
    case unreachable(String)
    /// TLS did not come about, most often because of the certificate.
    case untrusted(String)
    /// The connection ended before the answer was whole.
    case interrupted
    /// The time for the whole exchange was over.
    case deadline
    /// The answer is larger than the caller takes.
    case oversized
    /// What came could not be written to where it belongs.
    case unwritable(String)
    /// What came back is not HTTP/1.1.
    case malformed(String)
    /// The answer has another status than the one that counts; redirects are among them.
    case status(Int)
    /// The answer is not JSON by its media type.
    case mediaType(String)

    package var description: String {
        switch self {
        case .unacceptableURL(let error): "the address is refused: \(error)"
        case .hostNotAllowed(let host): "\(host) is not allowed by the configuration or by an operator's rule"
        case .rulesUnavailable: "the operator's rule for this host could not be read"
        case .overBudget(let host): "this minute's fetches are used up (\(host))"
        case .busy: "too many fetches wait already"
        case .unresolvable(let host): "\(host) has no address"
        case .refusedAddress(let host, let address): "\(host) leads to \(address), which is not fetched from"
        case .unreachable(let detail): "no connection: \(detail)"
        case .untrusted(let detail): "TLS failed: \(detail)"
        case .interrupted: "the connection ended before the answer was whole"
        case .deadline: "no whole answer came in time"
        case .oversized: "the answer is too large"
        case .unwritable(let detail): "the answer could not be written: \(detail)"
        case .malformed(let detail): "the answer is not HTTP/1.1: \(detail)"
        case .status(let status): "the status is \(status)"
        case .mediaType(let type): "the media type is \(type.isEmpty ? "missing" : type)"
        }
    }
}
