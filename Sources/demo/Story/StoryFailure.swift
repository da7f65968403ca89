/// A step of the demo with an unexpected result.
struct StoryFailure: Error, CustomStringConvertible {
    let expected: String
    let found: String

    var description: String { "Expected \(expected), but \(found)." }
}
