import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("The table of routes")
struct RouteTableTests {
    /// Every route of the main listener.
    private static func routes(_ h: Harness) throws -> [Route] {
        let issuer = h.gatehouse.settings.issuer
        let renderer = try PageRenderer(templatesDirectory: TestRoutes.templates, base: issuer.path)
        return Routes.main(
            h.gatehouse, RequestPipeline(issuer: issuer, renderer: renderer, proxies: try ProxyTrust(proxies: [])))
    }

    @Test func `every form demands its own origin, except the authorization request`() async throws {
        try await Harness.run { h in
            let forms = try Self.routes(h).filter { $0.method != .get && $0.audience.readsPages }
            #expect(forms.count >= 4)
            #expect(forms.filter { !$0.audience.demandsOwnOrigin }.map(\.template) == ["/authorize"])
        }
    }

    @Test func `scripts of other origins reach metadata, keys and the endpoints of clients alone`()
        async throws
    {
        try await Harness.run { h in
            let open = Set(try Self.routes(h).filter(\.audience.isOpenToScripts).map(\.template))
            let settings = h.gatehouse.settings
            let metadata = AuthorizationServerMetadata.paths(for: settings.issuer, atRoot: settings.metadataAtRoot)
            let ofClients = [
                "/token", "/par", "/device_authorization", "/revoke", "/register", "/register/{id}",
            ]
            #expect(open == Set(ofClients + ["/jwks"] + metadata))
        }
    }

    @Test func `only metadata stands outside of an issuer's path`() async throws {
        try await Harness.run(issuer: "http://localhost/t1") { h in
            let outside = try Self.routes(h).filter { !$0.template.hasPrefix("/t1/") }
            #expect(!outside.isEmpty)
            #expect(outside.allSatisfy { $0.template.hasPrefix("/.well-known/") })
        }
    }

    @Test func `a fixed path precedes a template, and each name in a template matches one segment`() {
        let answer: Route.Handler = { _, _, _ in Response(status: .ok) }
        let table = RouteTable([
            .server(.get, "/things/{id}", .none, answer), .server(.post, "/things/redeem", .json(), answer),
            .server(.get, "/things/{id}/parts/{part}", .none, answer),
        ])
        #expect(table.find("/things/1", .get)?.route?.template == "/things/{id}")
        #expect(table.find("/things/1/parts/2", .get)?.parameters == ["id": "1", "part": "2"])
        #expect(table.find("/things/redeem", .post)?.route?.template == "/things/redeem")
        #expect(table.find("/things/redeem", .get)?.path.template == "/things/redeem")
        #expect(table.find("/things/redeem", .get)?.route == nil)
        #expect(table.find("/things/1", .delete)?.route == nil)
        for path in ["/things", "/things/", "/things/1/", "/things/1/parts", "//things/1", "/things/1/parts/", ""] {
            #expect(table.find(path, .get) == nil, "\(path)")
        }
    }
}
