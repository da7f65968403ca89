package import JOSE

/// What one look of the doctor's found.
package struct Finding: Hashable, Sendable {
    /// How bad it is.
    package enum State: String, Sendable {
        /// As it should be, or a plain fact.
        case ok
        /// It works, and will not for long or not for everybody.
        case warning
        /// It does not work.
        case problem
    }

    /// What was looked at, in a word or two.
    package let check: String
    /// How bad it is.
    package let state: State
    /// What was found and what to do about it, in a sentence or two.
    package let detail: String

    /// A finding with its sentence.
    package init(_ check: String, _ state: State, _ detail: String) {
        self.check = check
        self.state = state
        self.detail = detail
    }

    /// The finding as operators see it.
    package var row: JSONObject {
        ["check": .string(check), "state": .string(state.rawValue), "detail": .string(detail)]
    }
}
