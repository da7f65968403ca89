import Foundation
import Synchronization

/// Tells the story to whoever reads the terminal: numbered steps, with what was seen below each.
final class Narrator: Sendable {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let steps = Mutex(0)

    func title(_ text: String) {
        say("\n" + styled(text, "1"))
    }

    /// Begins the next step.
    func step(_ text: String) {
        let step = steps.withLock { count in
            count += 1
            return count
        }
        say("\n" + styled(step < 10 ? " \(step)" : "\(step)", "36") + "  " + styled(text, "1"))
    }

    /// What the step has shown.
    func detail(_ text: String) {
        for line in text.split(separator: "\n") { say("    " + line) }
    }

    /// A name and its value, in columns.
    func fact(_ name: String, _ value: String) {
        detail(styled(name.padding(toLength: 16, withPad: " ", startingAt: 0), "2") + value)
    }

    /// A command as a person would type it.
    func command(_ text: String) {
        detail(styled("$ " + text, "33"))
    }

    private func styled(_ text: String, _ code: String) -> String {
        isTerminal ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}
