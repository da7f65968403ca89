/// Why an operator's request was refused, as one sentence that says what to do.
package struct AdministrationError: Error, Hashable, CustomStringConvertible {
    /// What kind of refusal it is.
    package enum Kind: String, Sendable {
        /// What is named does not exist.
        case notFound = "not_found"
        /// It is there already, or in a state that does not allow this.
        case conflict
        /// A value that is not accepted.
        case invalid
        /// What was checked does not hold.
        case unsound
        /// The server cannot do it now.
        case unavailable
    }

    /// What kind of refusal it is.
    package let kind: Kind
    /// The sentence for the operator.
    package let description: String

    /// A refusal with its sentence.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
