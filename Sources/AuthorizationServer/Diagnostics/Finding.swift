package import JOSE

/// The result of one check of `gatehouse doctor`.
package struct Finding: Hashable, Sendable {
    /// The severity of a finding.
    package enum State: String, Sendable {
        /// The check passed, or the finding is a plain fact.
        case ok
        /// It works, but will soon fail, or fails for some users.
        case warning
        /// It does not work.
        case problem
    }

    /// The name of the check, in a word or two.
    package let check: String
    /// The severity.
    package let state: State
    /// The result and what to do about it, in a sentence or two.
    package let detail: String

    /// A finding with its sentence.
    package init(_ check: String, _ state: State, _ detail: String) {
        self.check = check
        self.state = state
        self.detail = detail
    }

    /// The finding as JSON output shows it.
    package var row: JSONObject {
        ["check": .string(check), "state": .string(state.rawValue), "detail": .string(detail)]
    }
}
