/// Why a client cannot go on, in a sentence for its developer that says what to do.
package struct ClientFailure: Error, Hashable, CustomStringConvertible {
    package let description: String

    /// A failure with its sentence.
    package init(_ sentence: String) {
        description = sentence
    }
}
