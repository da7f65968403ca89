import OAuth

/// Why a request to a provider failed. Of the provider's text it holds only the error code and the names of scopes,
/// because it is logged.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The provider could not be reached, or reported that it cannot answer now.
    case unavailable(String)
    /// The provider refused with this error code.
    case refused(String)
    /// The answer violates the protocol.
    case unusable(String)
    /// The provider granted these scopes as well, which the MCP server may not have.
    case scopeExceeded(ScopeSet)

    /// The reason of the elicitation's end.
    var reason: ElicitationFailure {
        switch self {
        case .unavailable: .providerUnavailable
        case .refused: .providerRefused
        case .unusable: .providerAnswerUnusable
        case .scopeExceeded: .scopeExceeded
        }
    }

    /// For the operator's log.
    var description: String {
        switch self {
        case .unavailable(let detail): "the provider is not available: \(detail)"
        case .refused(let code): "the provider refused: \(code)"
        case .unusable(let detail): "the provider's answer is unusable: \(detail)"
        case .scopeExceeded(let excess):
            "the provider granted more than 'providers allow' gives this MCP server: \(excess); if one of these is an alias "
                + "of an allowed scope, allow it with --same-as"
        }
    }

    /// An error code that may be logged; other text of the provider is replaced.
    static func code(_ text: String?) -> String {
        guard let text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
        else { return "with an unreadable error" }
        return text
    }
}
