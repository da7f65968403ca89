import OAuth

/// Why a provider did not do what was asked of it. Nothing that the provider wrote is in it but the code of its error, and
/// the names of scopes that it granted beyond what is allowed.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be asked, or said that it cannot answer now.
    case unavailable(String)
    /// It refused, with this code.
    case refused(String)
    /// It answered, but not in the protocol.
    case unusable(String)
    /// It granted these as well, which the MCP server may not have.
    case scopeExceeded(ScopeSet)

    /// The short code for events and the audit trail.
    var reason: String {
        switch self {
        case .unavailable: "provider_unavailable"
        case .refused: "provider_refused"
        case .unusable: "provider_answer_unusable"
        case .scopeExceeded: "scope_exceeded"
        }
    }

    /// For the operator's log.
    var description: String {
        switch self {
        case .unavailable(let detail): "the provider cannot be asked: \(detail)"
        case .refused(let code): "the provider refused: \(code)"
        case .unusable(let detail): "the provider's answer is not usable: \(detail)"
        case .scopeExceeded(let excess):
            "the provider granted more than 'providers allow' gives this MCP server: \(excess); if one of these is another "
                + "name of an allowed scope, say so by --same-as"
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
