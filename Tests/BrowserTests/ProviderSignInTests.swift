import Foundation
import JOSE
import TestSupport
import Testing

/// A user with Chromium signs in at an OpenID provider with its own pages and cookies. `EVERY_PICTURE=folder` keeps the
/// pictures, `PICTURES=folder` those that the README shows.
@Suite("In the browser: signing in at an OpenID provider")
struct ProviderSignInTests {
    /// Adds a provider to the house. One that allows offline access asks nobody for consent.
    private func provider(
        _ product: OpenIDProvider.Product, in house: House, as name: String = "corp", _ more: [String] = [],
        allowsOffline: Bool = false
    ) async throws -> OpenIDProvider {
        let provider = try await OpenIDProvider(
            product, on: house.stage, relyingParty: house.gatehouse.issuer, as: name, allowsOffline: allowsOffline)
        _ = try await house.gatehouse.object(
            [
                "identity-providers", "add", name, "--issuer", provider.issuer, "--client-id", OpenIDProvider.clientID,
                "--client-secret-stdin",
            ] + more, input: OpenIDProvider.clientSecret + "\n")
        return provider
    }

    /// Signs in on the provider's pages and consents there, until the browser is back at Gatehouse.
    private func walk(
        _ provider: OpenIDProvider, _ house: House, consents: Bool = true
    ) async throws -> Browser.Page {
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
            if consents { try await browser.press("[name=confirm] >> xpath=ancestor::form >> .btn-success") }
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

    @Test(arguments: FieldWalkTests.windows + [(1040, true)])
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

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `a user who signs out here goes on to the provider, signs out there too, and comes back`(
        product: OpenIDProvider.Product
    ) async throws {
        try await House.play { house in
            // After its consent page, LemonLDAP::NG 2.16 keeps the address of the sign-in in a cookie, and its sign-out leads there.
            let asksNobody = product == .lemonldap
            let provider = try await provider(product, in: house, allowsOffline: asksNobody)
            let browser = house.browser
            try await browser.open(width: 390, height: 844)
            _ = try await browser.go(to: house.gatehouse.issuer + "/account")
            try await browser.press("button[name=provider][value=corp]")
            #expect(try await walk(provider, house, consents: !asksNobody).text.contains("Your account"))
            let out = try await browser.press("[name=step][value=sign_out]")
            #expect(out.text.contains("You may still be signed in at corp"))
            try expectReadable(out)
            try await browser.shoot(to: picture("signed-out-\(product.rawValue)", in: house.stage))
            try await browser.press("#sign-out-there")
            try await browser.arrive(at: provider.issuer)
            let confirm = product == .canaille ? "[name=answer][value=logout]" : ".btn-success"
            try await browser.press(confirm)
            let back = try await browser.arrive(at: house.gatehouse.issuer + "/account")
            #expect(back.text.contains("You are signed out here, and back from corp."))
            try await browser.press("button[name=provider][value=corp]")
            let there = try await browser.arrive(at: provider.issuer)
            #expect(there.fields.contains(product == .canaille ? "login" : "user"), "the provider asks who signs in")
        }
    }

    @Test(arguments: OpenIDProvider.Product.allCases)
    func `an invitation leads to the provider, whose account takes it`(product: OpenIDProvider.Product) async throws {
        try await House.play { house in
            let provider = try await provider(product, in: house, as: "corp", ["--accounts", "invited"])
            // Canaille does not say that it verified an address.
            let address = product == .lemonldap ? ["--email", "grace@corp.example"] : []
            let invited = try await house.gatehouse.object(
                ["users", "invite", "hopper", "--identity-provider", "corp"] + address)
            let browser = house.browser
            try await browser.open(width: 390, height: 844)
            let page = try await browser.go(to: invited["link"]?.string ?? "")
            #expect(page.text.contains("Take your account") && page.text.contains("hopper"))
            try expectReadable(page)
            try await browser.shoot(to: picture("invitation-\(product.rawValue)", in: house.stage))
            try await browser.press("main button[type=submit]")
            let account = try await walk(provider, house)
            #expect(account.text.contains("Signed in as hopper"), "\(account.text)")
            let used = try await browser.go(to: invited["link"]?.string ?? "")
            #expect(used.text.contains("Link already used"))
        }
    }

    @Test(arguments: FieldWalkTests.windows)
    func `with a home domain, the page asks for the name first in every window`(width: Int64, dark: Bool) async throws {
        try await House.play { house in
            let provider = try await provider(.canaille, in: house, as: "corp", ["--home-domain", "corp.example"])
            let client = try await house.client()
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            let page = try await house.browser.go(to: client.request())
            #expect(page.text.contains("Username or e-mail address") && !page.fields.contains("password"))
            try expectReadable(page)
            let name = "name-first" + (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
            try await house.browser.shoot(to: picture(name, in: house.stage))
            try await house.browser.fill("username", "ada")
            let password = try await house.browser.press("#name-first button")
            #expect(password.fields.contains("password"))
            try expectReadable(password)
            let hinted = try await house.browser.go(to: client.request() + "&login_hint=grace%40corp.example")
            #expect(hinted.text.contains("as grace@corp.example"))
            try expectReadable(hinted)
            try await house.browser.shoot(to: picture("preselected-" + name, in: house.stage))
            try await house.browser.press("#preselected button")
            try await house.browser.arrive(at: provider.issuer)
        }
    }

    private func expectReadable(_ page: Browser.Page) throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        // The providers' own pages are not ours to judge.
        #expect(page.complaints.allSatisfy { !$0.contains("localhost") }, "\(page.complaints)")
    }

    private func picture(_ name: String, in stage: Stage) throws -> String {
        // Those that the README shows.
        if ["providers", "providers-dark"].contains(name), let kept = ProcessInfo.processInfo.environment["PICTURES"] {
            let folder = kept.hasPrefix("/") ? kept : "\(Workspace.root)/\(kept)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            return "\(folder)/\(name).png"
        }
        guard let kept = ProcessInfo.processInfo.environment["EVERY_PICTURE"] else {
            return "\(stage.directory)/\(name).png"
        }
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        return "\(kept)/\(name).png"
    }
}
