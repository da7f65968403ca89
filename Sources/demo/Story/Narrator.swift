import Foundation
import Synchronization

/// Prints the demo to the terminal: numbered steps, each with what it shows below.
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

    /// Prints lines below the current step.
    func detail(_ text: String) {
        for line in text.split(separator: "\n") { say("    " + line) }
    }

    /// Prints a name and its value in two columns; identifiers are shortened and long values wrapped.
    func fact(_ name: String, _ value: String) {
        let lines = WrappedText.sentence(ShortID.text(value), width: Self.space - Self.names)
        for (index, line) in lines.enumerated() {
            let name = (index == 0 ? name : "").padding(toLength: Self.names, withPad: " ", startingAt: 0)
            detail(styled(name, "2") + line)
        }
    }

    /// Prints a command as an operator would type it, with shortened identifiers.
    func command(_ text: String) {
        let lines = WrappedText.command(ShortID.text(text), width: Self.space - 4)
        for (index, line) in lines.enumerated() { detail(styled((index == 0 ? "$ " : "    ") + line, "33")) }
    }

    /// The width of what a step shows: 80 columns less the indentation.
    static let space = 76
    /// The width of the column of names.
    private static let names = 18

    private func styled(_ text: String, _ code: String) -> String {
        isTerminal ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}
