package import Storage

/// What holds for new sessions at one MCP server: its policy, and the configuration where the policy says nothing.
package struct SessionTerms: Hashable, Sendable {
    /// What a person can choose, in seconds, shortest first; never empty, and the last one is the longest.
    package let choices: [Int64]
    /// The choice that is ticked when the page opens.
    package let preselected: Int64
    /// Seconds without any use after which a session is over.
    package let idle: Int64

    /// What follows from both.
    package init(_ policy: SessionPolicy, _ configured: Settings.Sessions) {
        let choices = Self.choices(policy, configured.choices)
        self.choices = choices
        preselected = choices.last { $0 <= configured.preselected } ?? choices[0]
        idle = policy.idle ?? configured.idle
    }

    /// A policy's own choices are offered as far as it allows them. The configuration's know nothing of the policy's
    /// longest, so that one is offered as well.
    private static func choices(_ policy: SessionPolicy, _ configured: [Int64]) -> [Int64] {
        let named = policy.choices.isEmpty ? configured : policy.choices
        guard let longest = policy.longest else { return named }
        let allowed = named.filter { $0 <= longest }
        guard allowed.isEmpty || policy.choices.isEmpty, allowed.last != longest else { return allowed }
        return allowed + [longest]
    }
}
