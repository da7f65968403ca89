import Glibc

/// What the person in front sees: width of the screen, and text that cannot steer it.
enum Terminal {
    /// Replaces what could move the cursor, recolour or reorder the line, so that a client's name cannot forge output.
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

    /// The columns to fill: what the terminal says, else `COLUMNS`, else nothing to fit into (a pipe gets whole lines).
    static var width: Int? {
        if let columns = getenv("COLUMNS").flatMap({ Int(String(cString: $0)) }), columns > 0 { return columns }
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// Writes text for the person, or for the pipe behind the command.
    static func print(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line about what went wrong.
    static func complain(_ text: String) {
        write("gatehouse: " + sanitised(text) + "\n", to: STDERR_FILENO)
    }

    /// Writes why the command line was not understood, and how it is written.
    static func complainAboutUsage(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes a line of the log, which is whole and escaped already.
    static func log(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes a question where the answer is typed, apart from the command's output.
    static func prompt(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// Whether a person sits in front and can be asked.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks; anything but a yes is a no.
    static func agrees(_ question: String) -> Bool {
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
