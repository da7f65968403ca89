/// Why a request was refused, in a sentence or two that say what to do.
package struct AdministrationError: Error, Hashable, CustomStringConvertible {
    /// The kind of the refusal.
    package enum Kind: String, Sendable {
        /// The named object does not exist.
        case notFound = "not_found"
        /// The object already exists, or is in a state that does not allow the request.
        case conflict
        /// A value is not acceptable.
        case invalid
        /// A verification failed.
        case unsound
        /// The server cannot carry the request out now.
        case unavailable
    }

    /// The kind of the refusal.
    package let kind: Kind
    /// The text that the command line prints.
    package let description: String

    /// A refusal of this kind with its text.
    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
