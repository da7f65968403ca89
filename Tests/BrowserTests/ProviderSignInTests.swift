import Foundation
import JOSE
import TestSupport
import Testing

/// A user with Chromium signs in at an OpenID provider with its own pages and cookies. `EVERY_PICTURE=folder` keeps the pictures.
@Suite("In the browser: signing in at an OpenID provider")
struct ProviderSignInTests {
    /// Adds a provider to the house.
    private func provider(
        _ product: OpenIDProvider.Product, in house: House, as name: String = "corp"
    ) async throws -> OpenIDProvider {
        let provider = try await OpenIDProvider(
            product, on: house.stage, relyingParty: house.gatehouse.issuer, as: name)
        _ = try await house.gatehouse.object(
            [
                "identity-providers", "add", name, "--issuer", provider.issuer, "--client-id", OpenIDProvider.clientID,
                "--client-secret-stdin",
            ], input: OpenIDProvider.clientSecret + "\n")
        return provider
    }

    /// Signs in on the provider's pages and consents there, until the browser is back at Gatehouse.
    private func walk(_ provider: OpenIDProvider, _ house: House) async throws -> Browser.Page {
        let browser = house.browser
        try await browser.arrive(at: provider.issuer)
        switch provider.product {
        case .canaille:
            try await browser.fill("login", "grace")
            try await browser.press("[name=login] >> xpath=ancestor::form >> [type=submit]")
            try await browser.fill("password", "grace")
            try await browser.press("[name=password] >> xpath=ancestor::form >> [type=submit]")
            try await browser.press("[name=answer][value=accept]")
        case .lemonldap:
            try await browser.fill("user", "grace")
            try await browser.fill("password", "grace")
            try await browser.press("[name=password] >> xpath=ancestor::form >> [type=submit]")
            try await browser.press("[name=confirm] >> xpath=ancestor::form >> .btn-success")
        }
        return try await browser.arrive(at: house.gatehouse.issuer)
    }

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `a user goes from an app to the provider and back, decides, and is signed in on the account page`(
        product: OpenIDProvider.Product
    ) async throws {
        try await House.play { house in
            let provider = try await provider(product, in: house)
            let client = try await house.client()
            try await house.browser.open()
            let asked = try await house.browser.go(to: client.request())
            #expect(asked.text.contains("Continue with corp"))
            try expectReadable(asked)
            try await house.browser.press("button[name=provider][value=corp]")
            let consent = try await walk(provider, house)
            #expect(consent.text.contains("Notebook"), "\(consent.text)")
            try expectReadable(consent)
            try await house.browser.press(Browser.approve)
            let answer = try await house.browser.received(at: client.port)
            #expect(try await client.redeem(answer["code"]?.string ?? "").status == 200)
            let account = try await house.browser.go(to: house.gatehouse.issuer + "/account")
            #expect(account.text.contains("Notebook"))
            #expect(account.text.contains("Signed in as "))
            try expectReadable(account)
        }
    }

    @Test(arguments: FieldWalkTests.windows)
    func `the sign-in page offers each provider in every window`(width: Int64, dark: Bool) async throws {
        try await House.play { house in
            _ = try await provider(.canaille, in: house)
            _ = try await provider(.lemonldap, in: house, as: "laboratory")
            let client = try await house.client()
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            let page = try await house.browser.go(to: client.request())
            for words in ["Continue with corp", "Continue with laboratory", "Username"] {
                #expect(page.text.contains(words), "no “\(words)”")
            }
            try expectReadable(page)
            let name = "providers" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
        }
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        // The providers' own pages are not ours to judge.
        #expect(page.complaints.allSatisfy { !$0.contains("localhost") }, "\(page.complaints)")
    }

    private func picture(_ name: String, in stage: Stage) throws -> String {
        guard let kept = ProcessInfo.processInfo.environment["EVERY_PICTURE"] else {
            return "\(stage.directory)/\(name).png"
        }
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        return "\(kept)/\(name).png"
    }
}
