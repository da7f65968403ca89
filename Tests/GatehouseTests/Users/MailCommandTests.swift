import Foundation
import JOSE
import TestSupport
import Testing

@testable import gatehouse

@Suite("The message with a one-time link, and the program that sends it")
struct MailCommandTests {
    private static let row: JSONObject = [
        "name": "grace", "email": "grace@example.org", "link": "https://auth.example/invitations/x",
        "expires_at": "2026-12-01T16:00:00Z",
    ]

    private func message(_ email: String = "grace@example.org", from sender: String? = nil) -> MailMessage? {
        var row = Self.row
        row["email"] = .string(email)
        return MailMessage(link: row, issuer: "https://auth.example", from: sender, isInvitation: true)
    }

    @Test func `a message has its header lines, an empty line, and the link on a line of its own`() throws {
        let lines = try #require(message(from: "gatehouse@example.org")).text.split(
            separator: "\n", omittingEmptySubsequences: false)
        let blank = try #require(lines.firstIndex(of: ""))
        #expect(lines[0] == "From: gatehouse@example.org" && lines[1] == "To: grace@example.org")
        #expect(lines[..<blank].allSatisfy { $0.contains(": ") } && lines[blank...].contains(Self.link))
    }

    @Test func `the message of a link that an identity provider's account takes asks for no password`() throws {
        var row = Self.row
        row["identity_provider"] = "corp"
        let text = try #require(
            MailMessage(link: row, issuer: "https://auth.example", from: nil, isInvitation: true)
        ).text
        #expect(
            text.contains("Sign in with your account at corp here:\n\n\(Self.link)\n") && !text.contains("password"))
    }

    private static let link: Substring = "https://auth.example/invitations/x"

    @Test(arguments: [
        "", "grace", "@example.org", "grace@", "a@b@c", "a b@c", "a@b,c@d", "a@b;c@d", "<a@b>", "\"a\"@b",
        "a@b\nBcc: c@d",
        "-f@b", "a:b@c", "(a)b@c",
    ])
    func `an address that is not one plain address gets no message`(address: String) {
        #expect(message(address) == nil)
    }

    @Test func `a program that does not finish is stopped`() throws {
        let sent = try #require(message())
        let command = MailCommand(words: ["/bin/sleep", "1000"])
        #expect {
            try command.send(sent, patience: 0)
        } throws: { error in
            "\(error)".contains("did not finish")
        }
    }

    @Test func `what a stopped program left running is stopped too`() async throws {
        try await Stage.play { stage in
            let sent = try #require(message())
            let file = stage.path("pids")
            let script = "sleep 1000 & echo $! > '\(file).new'; mv '\(file).new' '\(file)'; wait"
            let command = MailCommand(words: ["/bin/sh", "-c", script])
            var patience = 1
            // A busy machine may stop the shell before it has left anything running; then it gets longer.
            repeat {
                let seconds = patience
                #expect(throws: MailCommand.Failure.self) { try command.send(sent, patience: seconds) }
                patience *= 2
            } while !FileManager.default.fileExists(atPath: file) && patience < 60
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let child = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            await eventually { !Self.isRunning(child) }
            #expect(!Self.isRunning(child))
        }
    }

    /// Whether a process runs. One that ended and that nobody has collected yet does not.
    private static func isRunning(_ process: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return !status.contains(") Z ")
    }

    @Test func `a program that reads nothing does not block`() throws {
        try MailCommand(words: ["/bin/true"]).send(try #require(message()))
    }
}
