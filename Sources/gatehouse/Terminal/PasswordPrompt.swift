import ArgumentParser
import AuthorizationServer
import Glibc
import JOSE

/// Reads a password from the terminal without echo, or from standard input.
enum PasswordPrompt {
    /// Asks twice on the terminal, without echo.
    static func askTwice() throws -> Secret {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError("Not a terminal, cannot ask for a password. Use --password-stdin.")
        }
        let first = try ask("Password: ")
        guard first == (try ask("Repeat: ")) else {
            throw CommandError("The passwords do not match. Nothing was changed.")
        }
        return try checked(first)
    }

    /// Asks once on the terminal, without echo, for a secret that already exists. `option` gives it without a terminal.
    static func ask(for what: String, otherwise option: String) throws -> Secret {
        guard isatty(STDIN_FILENO) == 1 else {
            throw UsageError("Not a terminal, cannot ask for the \(what). Use \(option).")
        }
        return try ask("\(what.prefix(1).uppercased() + what.dropFirst()): ")
    }

    /// The first line of standard input.
    static func readLine() throws -> Secret {
        try checked(nextLine(limit: PasswordRule.longest))
    }

    /// The first line of standard input as a provider's client secret. The provider chose its length and characters.
    static func readForeignSecret() throws -> Secret {
        let secret = nextLine(limit: longestForeignSecret)
        guard !secret.bytes.isEmpty else { throw CommandError("The secret is empty. Nothing was changed.") }
        // RFC 6749, appendix A.2: the characters of a client secret.
        guard secret.bytes.count <= longestForeignSecret, secret.bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CommandError(
                "The secret must be one line of at most \(longestForeignSecret) printable ASCII characters. Nothing was "
                    + "changed.")
        }
        return secret
    }

    /// In bytes; some providers issue signed tokens as secrets.
    private static let longestForeignSecret = 8192

    private static func checked(_ password: Secret) throws -> Secret {
        guard !password.bytes.isEmpty else { throw CommandError("The password is empty. Nothing was changed.") }
        switch PasswordRule.fault(of: password) {
        case .tooShort:
            throw CommandError(
                "The password must have at least \(PasswordRule.shortest) characters. Nothing was changed.")
        case .unusable:
            throw CommandError(
                "The password must be one line of at most \(PasswordRule.longest) bytes without control characters. "
                    + "Nothing was changed.")
        case nil: return password
        }
    }

    private static func ask(_ question: String) throws -> Secret {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw CommandError("Cannot turn the terminal's echo off. Use --password-stdin.")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            Terminal.prompt("\n")
        }
        Terminal.prompt(question)
        return nextLine(limit: PasswordRule.longest)
    }

    private static func nextLine(limit: Int) -> Secret {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            guard line.count <= limit else { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return Secret(bytes: line)
    }
}
