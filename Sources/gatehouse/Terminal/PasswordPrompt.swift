import ArgumentParser
import AuthorizationServer
import Glibc
import JOSE

/// Takes a password from a person, unseen and twice, or from a program's pipe.
enum PasswordPrompt {
    /// Asks on the terminal, without echo.
    static func askTwice() throws -> Secret {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Refusal("There is no terminal to ask for a password on; pipe it in with --password-stdin.")
        }
        let first = try ask("Password: ")
        guard first == (try ask("Again: ")) else { throw Refusal("The two passwords differ; nothing was changed.") }
        return try checked(first)
    }

    /// The first line of standard input.
    static func readLine() throws -> Secret {
        try checked(nextLine(limit: PasswordRule.longest))
    }

    /// The first line of standard input, as a secret that somebody else made: how long it is and what is in it is their rule.
    static func readForeignSecret() throws -> Secret {
        let secret = nextLine(limit: longestForeignSecret)
        guard !secret.bytes.isEmpty else { throw Refusal("The secret is empty; nothing was changed.") }
        // RFC 6749, appendix A.2: what a client secret can be.
        guard secret.bytes.count <= longestForeignSecret, secret.bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Refusal(
                "The secret must be one line of at most \(longestForeignSecret) printable ASCII characters; nothing was changed."
            )
        }
        return secret
    }

    /// Some providers' secrets are signed tokens.
    private static let longestForeignSecret = 8192

    private static func checked(_ password: Secret) throws -> Secret {
        guard !password.bytes.isEmpty else { throw Refusal("The password is empty; nothing was changed.") }
        switch PasswordRule.fault(of: password) {
        case .tooShort:
            throw Refusal("The password needs at least \(PasswordRule.shortest) characters; nothing was changed.")
        case .unusable:
            throw Refusal(
                "The password must be one line of at most \(PasswordRule.longest) bytes without control characters.")
        case nil: return password
        }
    }

    private static func ask(_ question: String) throws -> Secret {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw Refusal("The terminal does not let its echo be turned off; use --password-stdin.")
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
