/// What this command refuses, as one sentence; it ends with exit code 1.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A command that was understood and still lacks something that its writer has to say; it ends with exit code 2.
struct UsageProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
