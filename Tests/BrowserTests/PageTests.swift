import Foundation
import JOSE
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

/// How the pages look and read, in light and dark, on a desk and on a telephone.
///
/// `PICTURES=folder` keeps the two pictures of the README there: of an unregistered client, as most are.
@Suite("In the browser: the pages themselves")
struct PageTests {
    static let windows: [(width: Int64, dark: Bool)] = [(1040, false), (1040, true), (375, false), (375, true)]

    @Test(arguments: windows)
    func `the pages fit the window, label their fields and describe the request`(width: Int64, dark: Bool) async throws
    {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open(width: width, height: 844, dark: dark, scale: 2)
            let signIn = try await house.browser.go(to: client.request())
            try await expectReadable(signIn, dark: dark)
            try await house.browser.shoot(to: picture("sign-in", width, dark, in: house.stage))
            let consent = try await house.browser.signIn()
            try await expectReadable(consent, dark: dark)
            try await house.browser.shoot(to: picture("registered", width, dark, in: house.stage))
            let said = [
                "Notebook", "127.0.0.1", "Family files", "Grace Hopper", "Read your files",
                "Change and delete your files", "ada",
            ]
            for words in said {
                #expect(consent.text.contains(words), "the consent page does not say “\(words)”")
            }
            #expect(consent.fields.filter { $0 == "scope" }.count == 2)
            #expect(consent.fields.filter { $0 == "lifetime" }.count == 3)
        }
    }

    @Test(arguments: windows)
    func `the page of an unregistered client shows its host and that it is not verified`(
        width: Int64, dark: Bool
    ) async throws {
        try await Stage.play { stage in
            let port = try await LoopbackPort.free()
            let host = try await DocumentHost()
            let fetcher: @Sendable (Store) throws -> DocumentFetcher = { try host.fetcher($0) }
            try await Harness.run(issuer: "http://localhost:\(port)", fetcher: fetcher) { h in
                try await h.fixtures.setReach([
                    "files:read": ("", ["read_file", "search_files"], nil),
                    "files:write": ("files:read files:list", ["write_file", "delete_file"], nil),
                ])
                let asked = h.request([
                    "client_id": host.id(), "redirect_uri": Harness.loopback, "scope": "files:read files:write",
                ])
                try await h.serving(on: port) {
                    let browser = try Browser(on: stage)
                    try await browser.open(width: width, height: 844, dark: dark, scale: 2)
                    _ = try await browser.go(to: "http://localhost:\(port)/authorize?" + FormText.encode(asked))
                    try await browser.signIn()
                    try await browser.shoot(to: picture("consent", width, dark, in: stage))
                    // Looked at after the picture, which waits for the stylesheet.
                    let page = try await browser.look()
                    try await expectReadable(page, dark: dark)
                    let said = [
                        "Travelling Notebook", DocumentHost.name, "Not verified", "Team Files", "write_file",
                        "delete_file", "read_file", "List your files",
                    ]
                    for words in said {
                        #expect(page.text.contains(words), "the consent page does not say “\(words)”")
                    }
                }
            }
            try await host.stop()
        }
    }

    @Test func `a request that cannot return to its client ends on a page that says what to do`() async throws {
        try await House.play { house in
            let client = try await house.client()
            try await house.browser.open(width: 390)
            let address = client.request().replacing(client.id, with: "nobody")
            let page = try await house.browser.go(to: address)
            try await expectReadable(page, dark: false)
            #expect(page.address.hasPrefix(house.gatehouse.issuer))
            #expect(!page.fields.contains("username"))
        }
    }

    private func expectReadable(_ page: Browser.Page, dark: Bool) async throws {
        #expect(page.overflow <= 0, "\(page.address) is \(page.overflow) pixels too wide")
        #expect(page.unlabelled.isEmpty)
        #expect(page.language == "en")
        #expect(!page.title.isEmpty)
        #expect(page.complaints.isEmpty)
        #expect(
            (brightness(of: page.background) < 128) == dark, "\(page.background) in \(dark ? "dark" : "light") mode")
    }

    /// The mean of red, green and blue in `rgb(…)`.
    private func brightness(of color: String) -> Int {
        let parts = color.split { !"0123456789.".contains($0) }.prefix(3).compactMap { Int($0) }
        return parts.count == 3 ? parts.reduce(0, +) / 3 : -1
    }

    private func picture(_ name: String, _ width: Int64, _ dark: Bool, in stage: Stage) throws -> String {
        let folder: String
        let wanted = name == "consent" && width > 500
        if wanted, let kept = ProcessInfo.processInfo.environment["PICTURES"] {
            folder = kept.hasPrefix("/") ? kept : "\(Workspace.root)/\(kept)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } else {
            folder = stage.directory
        }
        let suffix = (width < 500 ? "-narrow" : "") + (dark ? "-dark" : "")
        return "\(folder)/\(name)\(suffix).png"
    }
}
