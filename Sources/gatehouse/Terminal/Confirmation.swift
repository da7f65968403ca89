import ArgumentParser

/// A question that comes before what cannot be undone; anything but a yes is a no.
struct Confirmation {
    /// What is about to happen, shown above the question.
    var lines: [String] = []
    /// The question itself, such as `End all of it?`.
    let question: String
    /// What `--yes` stands for where nobody can be asked, such as `end all that match`.
    let purpose: String
    /// What is said after a no.
    let declined: String

    /// Returns after a yes. Without a terminal a script is told to say `--yes`: it would not see what is about to happen.
    func obtain() throws {
        guard Terminal.isInteractive else { throw withoutTerminal }
        guard Terminal.agrees((lines + ["\(question) [y/N] "]).joined(separator: "\n")) else {
            throw Refusal(declined)
        }
    }

    /// What a script is told; the line stays one line.
    var withoutTerminal: UsageProblem { UsageProblem("There is no terminal to ask on; say --yes to \(purpose).") }
}

/// The word of a script that nobody has to be asked.
struct ConfirmationOptions: ParsableArguments {
    @Flag(help: "Do not ask.") var yes = false
}
