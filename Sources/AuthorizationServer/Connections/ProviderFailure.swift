/// Why a provider did not do what was asked of it. Nothing that the provider wrote is in it but the code of its error.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be asked, or said that it cannot answer now.
    case unavailable(String)
    /// It refused, with this code.
    case refused(String)
    /// It answered, but not in the protocol.
    case unusable(String)

    /// The short code for events and the audit trail.
    var reason: String {
        switch self {
        case .unavailable: "provider_unavailable"
        case .refused: "provider_refused"
        case .unusable: "provider_answer_unusable"
        }
    }

    /// For the operator's log.
    var description: String {
        switch self {
        case .unavailable(let detail): "the provider cannot be asked: \(detail)"
        case .refused(let code): "the provider refused: \(code)"
        case .unusable(let detail): "the provider's answer is not usable: \(detail)"
        }
    }

    /// An error code as it may be repeated; whatever does not look like one is not.
    static func code(_ text: String?) -> String {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        else { return "with an unreadable error" }
        return text
    }
}
