import ArgumentParser

/// A question before an action that cannot be undone. Any answer but yes declines.
struct Confirmation {
    /// The lines above the question, which show what the action affects.
    var lines: [String] = []
    /// The question, such as `Revoke these 16 sessions?`.
    let question: String
    /// The action as `--yes` confirms it, such as `revoke all matching sessions`.
    let purpose: String
    /// The error after a declined question.
    let declined: String

    /// Asks, and returns after a yes. Without a terminal it fails and names `--yes`: a script would not see what the action
    /// affects.
    func obtain() throws {
        guard Terminal.isInteractive else {
            throw UsageError("Not a terminal, cannot ask. Use --yes to \(purpose).")
        }
        guard Terminal.confirms((lines + ["\(question) [y/N] "]).joined(separator: "\n")) else {
            throw CommandError(declined)
        }
    }
}

/// The option that confirms in advance.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Do not ask for confirmation.") var yes = false
}
