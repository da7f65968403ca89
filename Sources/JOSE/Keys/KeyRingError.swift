/// Why the keys cannot be used: one sentence that says what to do, with the path and nothing of the key.
package struct KeyRingError: Error, Hashable, CustomStringConvertible {
    /// The sentence.
    package let description: String

    init(_ description: String) { self.description = description }
}
