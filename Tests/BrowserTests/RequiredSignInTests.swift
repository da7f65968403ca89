import Foundation
import JOSE
import TestSupport
import Testing

/// A user with Chromium whose MCP server requires a sign-in, or one at an identity provider. `EVERY_PICTURE=folder` keeps the pictures.
@Suite("In the browser: a sign-in that an MCP server requires")
struct RequiredSignInTests {
    @Test(arguments: FieldWalkTests.windows + [(360, true)])
    func `the page names the MCP server, keeps the request, and one sign-in is enough`(width: Int64, dark: Bool)
        async throws
    {
        try await House.play { house in
            let client = try await house.client()
            let browser = house.browser
            try await browser.open(width: width, height: 844, dark: dark, scale: 2)
            _ = try await house.token(through: client)
            let sessions = try await house.gatehouse.json(["sessions", "list"])
            let session = try #require(sessions.array?.first?.object?["id"]?.string)
            let required = try await house.gatehouse.http.post(
                "/sessions/\(session)/require", json: #"{"max_age":0}"#,
                headers: [LoopbackHTTP.basic(house.credentials.id, house.credentials.secret)])
            #expect(required.status == 200, "\(required.text)")
            let asked = try await browser.go(to: client.request())
            #expect(asked.text.contains("Family files requires a recent sign-in"), "\(asked.text)")
            #expect(asked.fields.contains("password") && !asked.fields.contains("decision"))
            try expectReadable(asked)
            let name = "required-sign-in-\(width)" + (dark ? "-dark" : "")
            try await browser.shoot(to: picture(name, in: house.stage))
            try await browser.fill("password", "wrong")
            let refused = try await browser.press("button.primary")
            #expect(refused.text.contains("incorrect") && refused.fields.contains("password"))
            try expectReadable(refused)
            let consent = try await browser.signIn()
            #expect(consent.fields.contains("decision"), "\(consent.text)")
            try expectReadable(consent)
            try await browser.press(Browser.approve)
            let answer = try await browser.received(at: client.port)
            #expect(try await client.redeem(answer["code"]?.string ?? "").status == 200)
            let next = try await browser.go(to: client.request())
            #expect(next.fields.contains("decision"), "the requirement is used up")
        }
    }

    @Test(arguments: FieldWalkTests.windows + [(360, true)])
    func `the page of an MCP server with one identity provider offers that one alone`(width: Int64, dark: Bool)
        async throws
    {
        try await House.play { house in
            let client = try await house.client()
            for name in ["corp", "laboratory"] { try await provider(name, in: house) }
            _ = try await house.gatehouse.object([
                "resources", "policy", house.credentials.id, "--identity-provider", "corp",
            ])
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            let page = try await house.browser.go(to: client.request())
            #expect(page.text.contains("accepts only users who sign in at corp"), "\(page.text)")
            #expect(page.text.contains("Continue with corp") && !page.text.contains("laboratory"))
            #expect(!page.fields.contains("password"))
            try expectReadable(page)
            let name = "required-provider-\(width)" + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
        }
    }

    @Test(arguments: FieldWalkTests.windows + [(360, true)])
    func `an account that is named like an address of a home domain finds its password`(width: Int64, dark: Bool)
        async throws
    {
        try await House.play { house in
            try await provider("corp", in: house, ["--home-domain", "corp.example"])
            _ = try await house.gatehouse.object(
                ["users", "add", "grace@corp.example", "--password-stdin"], input: House.password + "\n")
            let browser = house.browser
            try await browser.open(width: width, height: 844, dark: dark, scale: 2)
            let page = try await browser.go(to: house.gatehouse.issuer + "/account")
            #expect(page.text.contains("Use a password") && !page.fields.contains("password"))
            try expectReadable(page)
            let name = "use-a-password-\(width)" + (dark ? "-dark" : "")
            try await browser.shoot(to: picture(name, in: house.stage))
            try await browser.fill("username", "grace@corp.example")
            let asked = try await browser.press("button[name=way][value=password]")
            #expect(asked.fields.contains("password"), "\(asked.text)")
            try expectReadable(asked)
            try await browser.fill("password", House.password)
            let account = try await browser.press("form[action$='/login'] button")
            #expect(account.text.contains("Signed in as grace@corp.example"), "\(account.text)")
        }
    }

    /// Adds a provider that nobody goes to: it is there to be offered.
    private func provider(_ name: String, in house: House, _ more: [String] = []) async throws {
        let issuer = "https://\(name).example"
        _ = try await house.gatehouse.object(
            [
                "identity-providers", "add", name, "--issuer", issuer, "--client-id", "gatehouse", "--auth", "none",
                "--authorization-endpoint", issuer + "/a", "--token-endpoint", issuer + "/t", "--jwks-url",
                issuer + "/j",
            ] + more)
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        #expect(page.complaints.isEmpty, "\(page.complaints)")
    }

    private func picture(_ name: String, in stage: Stage) throws -> String {
        guard let kept = ProcessInfo.processInfo.environment["EVERY_PICTURE"] else {
            return "\(stage.directory)/\(name).png"
        }
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        return "\(kept)/\(name).png"
    }
}
