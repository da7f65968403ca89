package import Storage

/// The terms for new sessions at one MCP server: its policy, and the configuration where the policy sets nothing.
package struct SessionTerms: Hashable, Sendable {
    /// The lengths that the consent page offers, in seconds, shortest first; never empty.
    package let choices: [Int64]
    /// The length that is selected when the page opens, in seconds.
    package let preselected: Int64
    /// The idle timeout, in seconds.
    package let idle: Int64
    /// The length of the sessions of clients that act for themselves, in seconds.
    package let service: Int64

    /// The default of `service`, unless the policy bounds sessions further: a client gets a new session without a user, so a short
    /// one costs nothing.
    static let serviceLength: Int64 = 86_400

    /// The terms that follow from policy and configuration.
    package init(_ policy: SessionPolicy, _ configured: Settings.Sessions) {
        let choices = Self.choices(policy, configured.choices)
        self.choices = choices
        preselected = choices.last { $0 <= configured.preselected } ?? choices[0]
        idle = policy.idle ?? configured.idle
        service = policy.service ?? min(Self.serviceLength, policy.longest ?? Self.serviceLength)
    }

    /// A policy's own lengths, up to its maximum. The configuration's lengths do not know that maximum, so the maximum is offered
    /// beside them.
    private static func choices(_ policy: SessionPolicy, _ configured: [Int64]) -> [Int64] {
        let named = policy.choices.isEmpty ? configured : policy.choices
        guard let longest = policy.longest else { return named }
        let allowed = named.filter { $0 <= longest }
        guard allowed.isEmpty || policy.choices.isEmpty, allowed.last != longest else { return allowed }
        return allowed + [longest]
    }
}
