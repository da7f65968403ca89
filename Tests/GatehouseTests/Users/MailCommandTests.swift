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

    @Test func `a program that reads nothing does not block`() throws {
        try MailCommand(words: ["/bin/true"]).send(try #require(message()))
    }
}
