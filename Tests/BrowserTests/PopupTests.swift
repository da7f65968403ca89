import JOSE
import TestSupport
import Testing

/// A web client that opens Gatehouse by `window.open` and waits for that window. The scripts are the client's.
@Suite("In the browser: windows that a client opened")
struct PopupTests {
    @Test func `the window keeps its opener from the authorization request to the callback`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open(scripts: true)
            _ = try await house.browser.go(to: client.redirect.replacing("/callback", with: "/app"))
            #expect(try await house.browser.popup(client.request()).fields.contains("username"))
            try await expectBond(house)
            #expect(try await house.browser.signIn(password: "wrong").fields.contains("username"))
            try await expectBond(house)
            #expect(try await house.browser.signIn().fields.contains("decision"))
            try await expectBond(house)
            try await house.browser.press(Browser.approve)
            try await house.browser.arrive(at: client.redirect)
            #expect(try await house.browser.received(at: client.port)["code"] != nil)
            try await expectBond(house)
        }
    }

    @Test(arguments: ["/account", "/e/pag_AAAAAAAAAAAAAAAAAAAAAA"])
    func `the pages of an account and of an elicitation have no opener`(path: String)
        async throws
    {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open(scripts: true)
            _ = try await house.browser.go(to: client.redirect.replacing("/callback", with: "/app"))
            #expect(try await house.browser.popup(house.gatehouse.issuer + path).fields.contains("username"))
            let bond = try await house.browser.bond()
            #expect(!bond.opener && bond.closed)
            try await house.browser.signIn()
            let after = try await house.browser.bond()
            #expect(!after.opener && after.closed)
        }
    }

    private func expectBond(_ house: House) async throws {
        let bond = try await house.browser.bond()
        #expect(bond.opener && !bond.closed)
    }
}
