import Foundation
import JOSE
import ServerSupport
import TestSupport
import Testing

/// A user with Chromium answers elicitations. No page script runs.
///
/// `PICTURES=folder` keeps the two that the documentation shows there.
@Suite("In the browser: elicitations")
struct ElicitationWalkTests {
    @Test func `the link leads through the sign-in to the page, and the approval is confirmed`()
        async throws
    {
        try await House.play { house in
            let asked = try await house.ask(through: try await house.client())
            try await house.browser.open(width: 1040, height: 844, scale: 2)
            let signIn = try await house.browser.go(to: asked.url)
            #expect(!signIn.text.contains("Family files"), "the sign-in page tells nothing of the request")
            let page = try await house.browser.signIn()
            try expectReadable(page)
            #expect(page.address == asked.url)
            for words in [
                "Family files", "files.example", "Grace Hopper", "Notebook", "ada", "Delete the folder",
                "Text from Family files, not from Gatehouse", "/ada/Drafts",
            ] { #expect(page.text.contains(words), "the page does not say “\(words)”") }
            try await house.browser.shoot(to: picture("elicitation", in: house.stage))
            let end = try await house.browser.press(Browser.approve)
            try expectReadable(end)
            #expect(end.text.contains("Approved"))
            try await house.browser.shoot(to: picture("elicitation-end", in: house.stage))
            #expect(try await house.status(of: asked) == "completed")
            let again = try await house.browser.go(to: asked.url)
            #expect(again.text.contains("Already approved"))
        }
    }

    @Test(arguments: [(390, false), (390, true), (1040, true)] as [(Int64, Bool)])
    func `the page fits a telephone and the dark, and declining is one press`(width: Int64, dark: Bool) async throws {
        try await House.play { house in
            let asked = try await house.ask(through: try await house.client())
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            try expectReadable(try await house.browser.signIn())
            let name = "elicitation" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
            let end = try await house.browser.press(Browser.decline)
            #expect(end.text.contains("Declined"))
            #expect(try await house.status(of: asked) == "declined")
        }
    }

    @Test func `the wrong user sees nothing of it and can switch the account`() async throws {
        try await House.play { house in
            _ = try await house.gatehouse.object(
                ["users", "add", "bob", "--password-stdin"], input: House.password + "\n")
            let asked = try await house.ask(through: try await house.client())
            try await house.browser.open(width: 1040, height: 844, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            let refused = try await house.browser.signIn(as: "bob")
            try expectReadable(refused)
            #expect(refused.text.contains("belongs to another account"))
            #expect(!refused.text.contains("Family files"))
            try await house.browser.shoot(to: picture("other-account", in: house.stage))
            #expect(try await house.status(of: asked) == "pending")
            let page = try await house.browser.signIn()
            #expect(page.text.contains("Delete the folder"))
            _ = try await house.browser.press(Browser.approve)
            #expect(try await house.status(of: asked) == "completed")
        }
    }

    @Test func `blanks and line breaks of the MCP server's text are seen as they were sent`() async throws {
        try await House.play { house in
            let action: JSON = [
                "name": "run  it", "summary": "Run\tthis",
                "details": [
                    ["label": "Command", "value": "rm  -rf   /tmp/x\n\n/home"], ["label": "Left", "value": "  a"],
                ],
            ]
            let asked = try await house.ask(
                through: try await house.client(), ["kind": "confirm", "message": "One\ntwo", "action": action])
            try await house.browser.open(width: 390, height: 844, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            let page = try await house.browser.signIn()
            try expectReadable(page)
            for words in ["run  it", "Run⇥\tthis", "rm  -rf   /tmp/x↵\n↵\n/home", "  a", "One↵\ntwo"] {
                #expect(page.text.contains(words), "the page does not say “\(words)”")
            }
            try await house.browser.shoot(to: picture("elicitation-blanks", in: house.stage))
        }
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        #expect(page.language == "en")
        #expect(!page.title.isEmpty)
        #expect(page.complaints.isEmpty)
    }

    private func picture(_ name: String, in stage: Stage) throws -> String {
        guard let kept = ProcessInfo.processInfo.environment["PICTURES"],
            ["elicitation", "elicitation-dark"].contains(name)
        else {
            return "\(stage.directory)/\(name).png"
        }
        let folder = kept.hasPrefix("/") ? kept : "\(Workspace.root)/\(kept)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return "\(folder)/\(name).png"
    }
}

extension House {
    /// The id and the URL of a created elicitation.
    struct Asked: Sendable {
        let id: String
        let url: String
    }

    /// Gets a token for a client, and creates an elicitation with `members`, by default the confirmation of a deletion.
    func ask(through client: Client, _ members: JSONObject? = nil) async throws -> Asked {
        try await browser.open()
        let token = try await token(through: client)
        let details: JSON = [
            ["label": "Folder", "value": "/ada/Drafts"],
            ["label": "Contains", "value": "12 files, 4.2 MB, last changed on 3 November 2026"],
            ["label": "Kept in the bin", "value": "30 days"],
        ]
        let action: JSON = [
            "name": "delete_folder", "summary": "Delete the folder “Drafts” and all that is in it", "details": details,
            "arguments": ["path": "/ada/Drafts", "recursive": true, "keep": ["days": 30, "except": ["readme.md"]]],
        ]
        var request: JSONObject =
            members ?? [
                "kind": "confirm", "message": "Quill wants to tidy up. May it delete this folder?",
                "action": action,
            ]
        request["subject_token"] = .string(token)
        let answer = try await gatehouse.http.post(
            "/elicitations", json: request.text, headers: [LoopbackHTTP.basic(credentials.id, credentials.secret)]
        ).object()
        guard let id = answer["id"]?.string, let url = answer["url"]?.string else {
            throw StageFailure("the elicitation was not made: \(answer.text)")
        }
        return Asked(id: id, url: url)
    }

    /// Signs the user in, approves a client and returns its token.
    func token(through client: Client) async throws -> String {
        _ = try await browser.go(to: client.request())
        try await browser.signIn()
        try await browser.press(Browser.approve)
        try await browser.arrive(at: client.redirect)
        let code = try await browser.received(at: client.port)["code"]?.string ?? ""
        return try await client.redeem(code).object()["access_token"]?.string ?? ""
    }

    /// Where an elicitation stands, as the MCP server reads it.
    func status(of asked: Asked) async throws -> String? {
        try await gatehouse.http.get(
            "/elicitations/\(asked.id)", headers: [LoopbackHTTP.basic(credentials.id, credentials.secret)]
        ).object()["status"]?.string
    }
}
