import Foundation
import OAuth
import Testing

@testable import Web

@Suite("Pages about apps that registered themselves")
struct SelfRegisteredPageTests {
    private let renderer: PageRenderer

    init() throws {
        renderer = try PageRenderer(templatesDirectory: TestRoutes.templates)
    }

    private func consent(
        name: String = "Claude", host: String = "claude.ai", sharedBy: String? = "Claude", isLoopbackOnly: Bool = false
    ) -> String {
        renderer.render(
            ConsentPage(
                client: PageClient(name: name, .selfRegistered),
                destination: ConsentPage.Destination(
                    host: host, isLoopback: isLoopbackOnly, isLoopbackOnly: isLoopbackOnly, sharedBy: sharedBy),
                resource: ConsentPage.Resource(name: "Files", identifier: "https://files.example/mcp", owner: "Team"),
                scopes: [], lifetimes: [], account: "ada", token: "t"))
    }

    @Test func `the consent page says that the app registered itself and that nobody verified it`() {
        let html = consent()
        #expect(html.contains("The app calls itself") && html.contains("Registered itself"))
        #expect(html.contains("Not verified") && html.contains("id=\"unverified\""))
        #expect(!html.contains("class=\"claim known\"") && !html.contains("Registered by your administrator"))
        #expect(html.contains("<q><bdi>Claude</bdi></q> wants to access"), "the name is quoted as a claim")
    }

    @Test func `a known host appears only as the place to which the answer goes`() throws {
        let html = consent()
        let app = try #require(html.range(of: "<h2>App</h2>"))
        let returns = try #require(html.range(of: "<h2>Returns to</h2>"))
        #expect(!html[app.upperBound..<returns.lowerBound].contains("claude.ai"))
        #expect(html[returns.upperBound...].contains("claude.ai"))
    }

    @Test func `an address that the users of a product share is named with the product`() {
        let html = consent()
        #expect(html.contains("id=\"shared\""))
        #expect(html.contains("Anyone who uses <bdi>Claude</bdi> could have sent this request."))
        #expect(!consent(host: "app.example", sharedBy: nil).contains("id=\"shared\""))
    }

    @Test(arguments: PageTests.payloads)
    func `no text of an app that registered itself changes the markup of a page`(payload: String) {
        func marks(_ html: String) -> Int { html.count { $0 == "<" } }
        #expect(marks(consent(name: payload, sharedBy: payload)) == marks(consent(name: "x", sharedBy: "x")))
    }

    @Test func `the account page and an elicitation do not present its name as an administrator's`() {
        let client = PageClient(name: "Claude", .selfRegistered)
        #expect(!AccountPage.App(client).isRegistered && !client.isRegistered)
        #expect(AccountPage.App(PageClient(name: "Desk", .registered)).isRegistered)
    }
}
