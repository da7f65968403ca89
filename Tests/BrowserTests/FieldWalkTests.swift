import Foundation
import JOSE
import TestSupport
import Testing

/// A user with Chromium fills in fields for an MCP server, and continues to another site. `EVERY_PICTURE=folder` keeps
/// the pictures.
@Suite("In the browser: secrets and other sites")
struct FieldWalkTests {
    static let windows: [(Int64, Bool)] = [(390, false), (390, true), (1040, false)]

    private static let secret: JSONObject = [
        "kind": "secret", "message": "Family files keeps a copy at your cloud. It needs a key of your account there.",
        "requested_schema": [
            "type": "object", "required": ["key", "account"],
            "properties": [
                "account": ["type": "string", "title": "Account name", "description": "As in the cloud’s settings"],
                "key": ["type": "string", "title": "API key", "format": "password", "minLength": 8],
                "region": [
                    "type": "string", "title": "Region",
                    "oneOf": [["const": "eu", "title": "Europe"], ["const": "us", "title": "America"]],
                ],
                "days": ["type": "integer", "title": "Days to keep", "maximum": 30, "default": 7],
                "now": ["type": "boolean", "title": "Copy at once"],
            ],
        ],
    ]

    @Test(arguments: windows)
    func `fields are filled in, corrected and sent`(width: Int64, dark: Bool) async throws {
        try await House.play { house in
            let client = try await house.client()
            _ = try await house.gatehouse.object(
                ["resources", "policy", house.credentials.id, "--elicitation", "confirm,secret"])
            let asked = try await house.ask(through: client, Self.secret)
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            let page = try await house.browser.signIn()
            try expectReadable(page)
            #expect(page.text.contains("Never enter your Gatehouse password here"))
            let name = "secret" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
            try await house.browser.fill("f0", "family")
            try await house.browser.fill("f1", "short")
            try await house.browser.fill("f3", "31")
            let again = try await house.browser.press(Browser.approve)
            try expectReadable(again)
            #expect(again.text.contains("at least 8 characters"))
            #expect(again.text.contains("at most 30"))
            try await house.browser.shoot(to: picture(name + "-problems", in: house.stage))
            try await house.browser.fill("f1", House.password)
            try await house.browser.fill("f3", "30")
            #expect(try await house.browser.press(Browser.approve).text.contains("You entered your Gatehouse password"))
            try await house.browser.fill("f1", "a key of the cloud")
            let end = try await house.browser.press(Browser.approve)
            #expect(end.text.contains("Answer sent"))
            #expect(try await house.status(of: asked) == "completed")
            let metrics = try await house.gatehouse.operations.get("/metrics").text
            #expect(metrics.contains("gatehouse_elicitation_own_password_total 1\n"))
            try await house.expectNoTrace(of: [House.password, "a key of the cloud"])
        }
    }

    @Test(arguments: windows)
    func `the page shows where it leads, and declining leads nowhere`(width: Int64, dark: Bool) async throws {
        try await House.play { house in
            let client = try await house.client()
            _ = try await house.gatehouse.object(
                [
                    "resources", "policy", house.credentials.id, "--elicitation", "confirm,external", "--external-host",
                    "pay.example",
                ])
            let asked = try await house.ask(
                through: client,
                [
                    "kind": "external", "message": "More room costs 3 € a month.",
                    "url": "https://pay.example/checkout?cart=4711&room=200",
                ])
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            _ = try await house.browser.go(to: asked.url)
            let page = try await house.browser.signIn()
            try expectReadable(page)
            #expect(page.text.contains("https://pay.example/checkout?cart=4711&room=200"))
            let name = "external" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
            #expect(try await house.browser.press(Browser.decline).text.contains("Declined"))
            #expect(try await house.status(of: asked) == "declined")
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
