import Glibc

/// The terminal: its width, and output that cannot control it.
enum Terminal {
    /// Replaces every character that could move the cursor, recolour or reorder the line, so that a client's name cannot forge
    /// output.
    static func sanitised(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            out.append(steers(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(out)
    }

    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    /// The width in columns: `COLUMNS` if it is set, otherwise that of the terminal; nil for a pipe, which gets whole lines.
    static var width: Int? {
        if let columns = getenv("COLUMNS").flatMap({ Int(String(cString: $0)) }), columns > 0 { return columns }
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Writes a line to standard output.
    static func print(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes an error or a warning to standard error.
    static func printError(_ text: String) {
        write("gatehouse: " + sanitised(text) + "\n", to: STDERR_FILENO)
    }

    /// Writes a notice to standard error, apart from the output of the command.
    static func printNotice(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes a usage error, which begins with `Error:`, to standard error.
    static func printUsageError(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes a complete, escaped line of the log to standard error.
    static func log(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes a question to standard error, apart from the output of the command.
    static func prompt(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Whether standard output is a terminal.
    static var printsToTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether the command can ask a question: input and error output are a terminal.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks a question and returns whether the answer is `y` or `yes`.
    static func confirms(_ question: String) -> Bool {
        prompt(question)
        return ["y", "yes"].contains(readLine()?.lowercased())
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
