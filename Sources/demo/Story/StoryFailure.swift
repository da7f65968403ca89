/// A step that did not go as the story tells it.
struct StoryFailure: Error, CustomStringConvertible {
    let expected: String
    let found: String

    var description: String { "Expected \(expected), but \(found)." }
}
