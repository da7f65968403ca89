import Foundation
import JOSE
import TestSupport
import Testing

/// A user with Chromium leaves Gatehouse for another site, and returns from a provider. The provider is Canaille, with its own
/// pages and cookies. `EVERY_PICTURE=folder` keeps the pictures.
@Suite("In the browser: connecting an account, and going on to another site")
struct ConnectWalkTests {
    /// Canaille's address and the user there.
    private struct Provider {
        let issuer: String
        let login: String
        let password: String
        let conversation: Conversation

        static func start(in house: House) async throws -> Provider {
            let conversation = try Conversation("provider.py", on: house.stage)
            let account = try await conversation.ask(
                "listen",
                [
                    "lifetime": 3600, "secret": "the client secret at the provider",
                    "authentication": "client_secret_basic",
                    "redirects": [.string(house.gatehouse.issuer + "/connect/hub/callback")],
                ]
            ).object
            let provider = Provider(
                issuer: account?["issuer"]?.string ?? "", login: account?["login"]?.string ?? "",
                password: account?["password"]?.string ?? "", conversation: conversation)
            _ = try await house.gatehouse.object(
                [
                    "providers", "add", "hub", "--owner", "Grace Hopper", "--issuer", provider.issuer, "--client-id",
                    "gatehouse", "--client-secret-stdin",
                ], input: "the client secret at the provider\n")
            _ = try await house.gatehouse.object([
                "providers", "allow", "hub", house.credentials.id, "--scope", "openid", "--scope", "profile",
            ])
            _ = try await house.gatehouse.object([
                "resources", "policy", house.credentials.id, "--elicitation", "confirm,connect",
            ])
            return provider
        }

        /// Signs the user in at the provider, page by page, and decides.
        func walk(_ browser: Browser, _ decision: String) async throws -> Browser.Page {
            try await browser.arrive(at: issuer)
            try await browser.fill("login", login)
            try await browser.press("[name=login] >> xpath=ancestor::form >> [type=submit]")
            try await browser.fill("password", password)
            try await browser.press("[name=password] >> xpath=ancestor::form >> [type=submit]")
            return try await browser.press("[name=answer][value=\(decision)]")
        }
    }

    private static let question: JSONObject = [
        "kind": "connect", "message": "Family files shows your pull requests.", "provider": "hub",
    ]

    @Test(arguments: FieldWalkTests.windows)
    func
        `the page names the provider, the person goes there and is back at Gatehouse with the account connected`(
            width: Int64, dark: Bool
        ) async throws
    {
        try await House.play { house in
            let client = try await house.client()
            let provider = try await Provider.start(in: house)
            let asked = try await house.ask(through: client, Self.question)
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            let page = try await house.browser.signIn()
            try expectReadable(page)
            for words in ["Family files", "hub", "127.0.0.1"] { #expect(page.text.contains(words), "no “\(words)”") }
            let name = "connect" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
            try await house.browser.press(Browser.approve)
            let end = try await provider.walk(house.browser, "accept")
            try expectReadable(end)
            #expect(end.address.hasPrefix(house.gatehouse.issuer + "/connect/hub/callback"))
            #expect(end.text.contains("Connected"), "\(end.text)")
            try await house.browser.shoot(to: picture(name + "-end", in: house.stage))
            #expect(try await house.status(of: asked) == "completed")
            #expect(try await house.gatehouse.json(["connections", "list"]).array?.count == 1)
            // Loading the page again redeems nothing again.
            #expect(try await house.browser.go(to: end.address).text.contains("Already connected"))
            #expect(try await house.gatehouse.json(["connections", "list"]).array?.count == 1)
        }
    }

    @Test func `a denial at the provider returns to a page that says so, and nothing is connected`() async throws {
        try await House.play { house in
            let client = try await house.client()
            let provider = try await Provider.start(in: house)
            let asked = try await house.ask(through: client, Self.question)
            try await house.browser.open()
            _ = try await house.browser.go(to: asked.url)
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve)
            let end = try await provider.walk(house.browser, "deny")
            #expect(end.text.contains("Declined"), "\(end.text)")
            #expect(try await house.status(of: asked) == "declined")
            #expect(try await house.gatehouse.json(["connections", "list"]).array?.isEmpty == true)
        }
    }

    @Test func `going on leads to the very address with a ticket, and tells it nothing else`() async throws {
        try await House.play { house in
            let client = try await house.client()
            _ = try await house.gatehouse.object([
                "resources", "policy", house.credentials.id, "--elicitation", "external", "--external-host",
                "pay.example",
            ])
            let asked = try await house.ask(
                through: client,
                ["kind": "external", "message": "More room.", "url": "https://pay.example/checkout?cart=4711"])
            try await house.browser.open()
            try await house.browser.pretend(toBe: "https://pay.example/")
            _ = try await house.browser.go(to: asked.url)
            try await house.browser.signIn()
            try await house.browser.press(Browser.approve)
            let there = try await house.browser.arrive(at: "https://pay.example/checkout?cart=4711&ticket=")
            #expect(there.complaints.isEmpty)
            let visits = try await house.browser.visited().filter { !$0.url.hasSuffix("/favicon.ico") }
            #expect(visits.count == 1)
            #expect(visits.first?.referrer.isEmpty == true)
            #expect(try await house.status(of: asked) == "opened")
            let ticket = String(there.address.split(separator: "=").last ?? "")
            try await house.expectNoTrace(of: [ticket])
            let proof = LoopbackHTTP.basic(house.credentials.id, house.credentials.secret)
            let redeemed = try await house.gatehouse.http.post(
                "/elicitations/redeem", json: JSON.object(["ticket": .string(ticket)]).text, headers: [proof])
            #expect(redeemed.status == 200)
            let reported: JSONObject = ["outcome": "completed", "reference": "reference-canary-4711"]
            let complete = try await house.gatehouse.http.post(
                "/elicitations/\(asked.id)/complete", json: reported.text, headers: [proof])
            #expect(complete.status == 200)
            try await house.expectNoTrace(of: [ticket])
            // What the MCP server says of itself is for the audit alone.
            #expect(try !house.stage.log("gatehouse").contains("reference-canary"))
            #expect(try await !house.gatehouse.operations.get("/metrics").text.contains("reference-canary"))
            #expect(!complete.text.contains("reference-canary"))
        }
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        #expect(page.complaints.isEmpty)
    }

    private func picture(_ name: String, in stage: Stage) throws -> String {
        guard let kept = ProcessInfo.processInfo.environment["EVERY_PICTURE"] else {
            return "\(stage.directory)/\(name).png"
        }
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        return "\(kept)/\(name).png"
    }
}
