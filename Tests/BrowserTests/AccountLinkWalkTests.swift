import JOSE
import TestSupport
import Testing

/// An invited user with Chromium, whose form sends the origin of the page and never its address.
@Suite("In the browser: a one-time link")
struct AccountLinkWalkTests {
    private static let password = "a password of my own"

    @Test(arguments: [(Int64(375), false), (1040, true)])
    func `an invited user sets a password and signs in, and the secret leaves no trace`(
        width: Int64, dark: Bool
    ) async throws {
        try await House.play { house in
            let invited = try await house.gatehouse.object(["users", "invite", "grace"])
            let link = try #require(invited["link"]?.string)
            let browser = house.browser
            try await browser.open(width: width, height: 844, dark: dark)
            let form = try await browser.go(to: link)
            #expect(form.text.contains("Your username is grace") && form.complaints.isEmpty)
            #expect(form.unlabelled.isEmpty && form.overflow == 0)
            try await browser.fill("new", Self.password)
            try await browser.fill("again", "another password")
            let again = try await browser.press("button[type=submit]")
            #expect(again.text.contains("differ") && again.unlabelled.isEmpty)
            try await browser.fill("new", Self.password)
            try await browser.fill("again", Self.password)
            let done = try await browser.press("button[type=submit]")
            #expect(done.text.contains("Password set") && done.overflow == 0)
            _ = try await browser.press("a.button")
            try await browser.fill("username", "grace")
            try await browser.fill("password", Self.password)
            let account = try await browser.press("button[type=submit]")
            #expect(account.text.contains("Signed in as grace"))
            #expect(try await browser.go(to: link).text.contains("Link already used"))
            try await house.expectNoTrace(of: [String(link.split(separator: "/").last ?? ""), Self.password])
        }
    }
}
