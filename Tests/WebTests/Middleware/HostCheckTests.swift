import HTTPTypes
import Hummingbird
import Testing

@testable import Web

@Suite("RFC 9112 §3.2 Host")
struct HostCheckTests {
    @Test(arguments: ["localhost:8080", "LOCALHOST:8080"])
    func `the issuer's host passes`(authority: String) async throws {
        let (response, _) = try await TestRoutes().ask(.get, "/jwks", authority: authority)
        #expect(response.status == .ok)
    }

    @Test(arguments: [
        nil, "", "localhost", "localhost:80", "127.0.0.1:8080", "evil.example", "localhost:8080.evil.example",
        "localhost:8080, evil.example", "evil@localhost:8080", "localhost.:8080", "[::1]:8080",
    ])
    func `another host, or none, is refused and not echoed`(authority: String?) async throws {
        let (response, text) = try await TestRoutes().ask(.get, "/login", authority: authority)
        #expect(response.status == .badRequest)
        #expect(!text.contains("evil"))
    }

    @Test func `a second Host is refused, even of the same name`() async throws {
        let (response, _) = try await TestRoutes().ask(
            .get, "/jwks", headers: [FieldNames.host: "localhost:8080"])
        #expect(response.status == .badRequest)
    }

    @Test(arguments: ["auth.example.com", "auth.example.com:443"])
    func `the port that https implies may be left out`(authority: String) async throws {
        let routes = try TestRoutes(issuer: "https://auth.example.com")
        let (response, _) = try await routes.ask(.get, "/jwks", authority: authority)
        #expect(response.status == .ok)
    }

    @Test func `forwarded hosts are ignored`() async throws {
        let name = try #require(HTTPField.Name("X-Forwarded-Host"))
        let (response, text) = try await TestRoutes().ask(.get, "/login", headers: [name: "evil.example"])
        #expect(response.status == .ok)
        #expect(!text.contains("evil"))
    }

    @Test(arguments: [
        "\u{212A}iosk.example", "kiosk.example\u{301}", "kio\u{17F}k.example", "kiosk.example:444", "kiosk",
    ])
    func `a host that only looks like the issuer's is another one`(authority: String) {
        let names = HostNames(host: "Kiosk.example", port: 443, isHTTPS: true)
        #expect(!names.contains(authority))
        #expect(names.contains("KIOSK.example:443"))
    }
}
