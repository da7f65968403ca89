import Foundation
import JOSE
import ServerSupport
import Storage
import TestSupport
import Testing

/// A user with Chromium reviews the account page and revokes access. No page script runs.
///
/// `PICTURES=folder` keeps the ones that the documentation shows there.
@Suite("In the browser: the account page")
struct AccountWalkTests {
    static let windows: [(Int64, Bool)] = [(375, false), (375, true), (1040, false), (1040, true)]

    @Test(arguments: windows)
    func `the page fits the window, labels its fields, and revokes one session and then all`(
        width: Int64, dark: Bool
    ) async throws {
        try await walk { h, browser, address in
            try await h.fixtures.fillAccount()
            try await browser.open(width: width, height: 844, dark: dark, scale: 2)
            let signIn = try await browser.go(to: address)
            try expectReadable(signIn)
            let page = try await browser.signIn()
            try expectReadable(page)
            for words in [
                "Signed in as ada", "Quill Notes", "quill.example.com", "Not verified", "Team Files",
                "https://files.example/mcp", "Platform team", "Read your files", "Pending requests",
                "Delete the folder Drafts", "hub", "Approved", "Declined", "Background jobs",
                "Submit the expenses of the trip to Geneva, one by one", "expenses.submit",
            ] { #expect(page.text.contains(words), "the page does not say “\(words)”") }
            let name = "account" + (width < 500 ? "-phone" : "") + (dark ? "-dark" : "")
            try await browser.shoot(to: picture(name, in: browser))
            let ended = try await browser.press("[name=step][value=end]")
            try expectReadable(ended)
            #expect(ended.address.hasSuffix("#notice"))
            #expect(ended.text.contains("revoked the access of Tablet Sketches to Team Files"))
            try await browser.shoot(to: picture(name + "-ended", in: browser))
            let stopped = try await browser.press("[name=step][value=end_job]")
            try expectReadable(stopped)
            #expect(stopped.text.contains("cancelled the background job of Team Files"))
            #expect(!stopped.text.contains("expenses.submit"))
            let none = try await browser.press("[name=step][value=end_all]")
            #expect(none.text.contains("revoked 2 sessions"))
            #expect(none.text.contains("You have no connected apps."))
            try expectReadable(none)
            #expect(try await h.sessions().allSatisfy { $0.state == .ended })
        }
    }

    @Test func `the keyboard reaches every control in reading order`() async throws {
        try await walk { h, browser, address in
            try await h.fixtures.fillAccount()
            try await browser.open(width: 1040, height: 844)
            _ = try await browser.go(to: address)
            try await browser.signIn()
            var reached: [String] = []
            for _ in 0..<20 { reached.append(try await browser.tab()) }
            let expected = [
                "Sign out", "Team Files requests your answer",
                "Revoke access of Tablet Sketches to Team Files, approved",
                "Revoke access of Desk Helper to Team Files, approved",
                "Revoke access of Quill Notes to Team Files, approved",
                "Revoke all access", "Cancel job of Team Files, started", "Disconnect hub from Team Files",
                "Current password",
                "New password at least 8 characters", "Repeat the new password", "Sign out everything else",
                "Change password", "Sign out everywhere",
            ]
            var rest = reached[...]
            for name in expected {
                let place = rest.firstIndex { $0.hasPrefix(name) }
                #expect(place != nil, "“\(name)” is not reached behind \(reached.prefix(rest.startIndex))")
                rest = rest[((place ?? rest.startIndex - 1) + 1)...]
            }
        }
    }

    @Test func `the password form works on the smallest screen, with its problem beside it`()
        async throws
    {
        try await walk { h, browser, address in
            _ = try await h.fixtures.insertSession(
                h.user, client: "https://long.example/c.json", name: String(repeating: "W", count: 300),
                host: String(repeating: "wide-", count: 48) + "long.example")
            try await browser.open(width: 320, height: 600, scale: 2)
            _ = try await browser.go(to: address)
            try expectReadable(try await browser.signIn(password: Harness.password))
            try await fill(browser, "wrong", "a new and long password", "a new and long password")
            let wrong = try await browser.press("[value=password]")
            try expectReadable(wrong)
            #expect(wrong.text.contains("The current password is incorrect."))
            try await browser.shoot(to: picture("account-password", in: browser))
            try await fill(browser, Harness.password, "a new and long password", "a new and long password")
            let changed = try await browser.press("[value=password]")
            #expect(changed.text.contains("You changed your password."))
            #expect(changed.address.hasSuffix("#notice"))
            let out = try await browser.press("[value=sign_out]")
            #expect(out.text.contains("You are signed out in this browser."))
            try expectReadable(out)
            #expect(try await browser.signIn(password: Harness.password).fields.contains("password"))
            #expect(try await browser.signIn(password: "a new and long password").text.contains("Signed in as ada"))
        }
    }

    private func fill(_ browser: Browser, _ current: String, _ new: String, _ again: String) async throws {
        try await browser.fill("current", current)
        try await browser.fill("new", new)
        try await browser.fill("again", again)
    }

    private func walk(_ test: @Sendable @escaping (Harness, Browser, String) async throws -> Void) async throws {
        try await Stage.play { stage in
            let port = try await LoopbackPort.free()
            try await Harness.run(issuer: "http://localhost:\(port)") { h in
                try await h.serving(on: port) {
                    try await test(h, Browser(on: stage), "http://localhost:\(port)/account")
                }
            }
        }
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        #expect(page.language == "en")
        #expect(!page.title.isEmpty)
        #expect(page.complaints.isEmpty)
    }

    private func picture(_ name: String, in browser: Browser) throws -> String {
        guard let kept = ProcessInfo.processInfo.environment["PICTURES"],
            ["account", "account-dark", "account-phone"].contains(name)
        else { return browser.folder + "/\(name).png" }
        let folder = kept.hasPrefix("/") ? kept : "\(Workspace.root)/\(kept)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return "\(folder)/\(name).png"
    }
}
