import Storage

/// Why an elicitation failed. The raw values stand in the database, in events and in the audit trail.
enum ElicitationFailure: String, Sendable, CaseIterable {
    /// Its request was accepted by an older version and cannot be read by this one.
    case notReadable = "not_readable"
    /// The MCP server may not ask for this any more.
    case notAllowed = "not_allowed"
    /// The provider could not be reached, or reported that it cannot answer now.
    case providerUnavailable = "provider_unavailable"
    /// The provider refused the request with an error code.
    case providerRefused = "provider_refused"
    /// The answer of the provider violates the protocol.
    case providerAnswerUnusable = "provider_answer_unusable"
    /// The provider granted more than the MCP server may have.
    case scopeExceeded = "scope_exceeded"
}

extension ElicitationOutcome {
    /// The outcome of an elicitation that failed.
    static func failed(_ failure: ElicitationFailure) -> ElicitationOutcome { .failed(reason: failure.rawValue) }
}
