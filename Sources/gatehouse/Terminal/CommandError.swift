import Glibc

/// Why a command failed, in one sentence or two; the exit code is 1.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What the system did not do with a file, with the cause that it left in `errno`.
    static func system(_ verb: String, _ path: String) -> CommandError {
        CommandError("Cannot \(verb) \(path): \(String(cString: strerror(errno))).")
    }
}

/// Warnings of a command that was asked to fail for them; the exit code is 2, so that scripts can tell them from a problem.
struct WarningsFound: Error, CustomStringConvertible {
    let count: Int

    var description: String { "\(Sentence.count(count, "warning")) found." }
}

/// A missing option that only shows while the command runs, such as `--yes` without a terminal; the exit code is 2.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
