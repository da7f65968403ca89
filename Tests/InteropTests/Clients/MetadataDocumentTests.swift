import Foundation
import JOSE
import TestSupport
import Testing

/// The official SDK with nothing but the address of its metadata document, served over HTTPS by a throw-away authority.
@Suite("Client ID Metadata Document: the official Python SDK")
struct MetadataDocumentTests {
    @Test func `an unregistered client gets a token by its metadata document`() async throws {
        try await Website.play { scene, website in
            let id = try await website.publish("/client.json")
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: scene.server, as: .document(id))
            #expect(try await client.call("list_files") != nil)
            let holding = try await client.holding()
            #expect(holding.clientID == id)
            #expect(try await website.requests() == ["/client.json"])
            let consent = holding.pages.last { $0.contains("decision") } ?? ""
            #expect(consent.contains("Travelling Notebook"))
            #expect(consent.contains("localhost"), "the host that vouches for the name is shown")
            let session = try await scene.sessions("--state", "active").first
            #expect(session?["client_id"]?.string == id)
            try await client.expireAccessToken()
            #expect(try await client.call("list_files") != nil)
            #expect(try await client.holding().asked.count == 1)
        }
    }

    @Test(arguments: [SDKClient.Era.handshake])
    func `the same works in the older era`(era: SDKClient.Era) async throws {
        try await Website.play { scene, website in
            let client = try SDKClient(on: scene.stage)
            let version = try await client.connect(
                to: scene.server, as: .document(website.publish("/client.json")), era: era)
            #expect(version == era.version)
            #expect(try await client.call("server_time") != nil)
        }
    }

    @Test func `a document that names another client is refused on a page and no session begins`() async throws {
        try await Website.play { scene, website in
            let id = try await website.publish("/client.json", naming: "/other.json")
            try await refused(id, in: scene)
        }
    }

    @Test func `a missing document is refused on a page and no session begins`() async throws {
        try await Website.play { scene, website in
            try await refused(website.address("/gone.json"), in: scene)
            #expect(try await website.requests() == ["/gone.json"])
        }
    }

    @Test func `a redirect URI that the document does not list is refused on a page`() async throws {
        try await Website.play { scene, website in
            let id = try await website.publish("/client.json", redirect: "http://127.0.0.1/elsewhere")
            try await refused(id, in: scene)
        }
    }

    @Test func `once its host is blocked the client gets no more tokens`() async throws {
        try await Website.play { scene, website in
            let client = try SDKClient(on: scene.stage)
            try await client.connect(to: scene.server, as: .document(website.publish("/client.json")))
            let blocked = try await scene.gatehouse.command(["clients", "block", "localhost", "--yes"])
            #expect(blocked.status == 0, "\(blocked.errors)")
            try await client.expireAccessToken()
            await #expect(throws: (any Error).self) { try await client.call("list_files") }
        }
    }

    @Test func `SIGHUP with other lists forgets the clients that refreshes keep in memory`() async throws {
        try await Website.play { scene, website in
            let id = try await website.publish("/client.json", redirect: Visitor.redirect)
            let visitor = Visitor(gatehouse: scene.gatehouse, clientID: id)
            let issued = try await visitor.redeem(visitor.code())
            let token = try #require(try issued.object()["refresh_token"]?.string, "\(issued.text)")
            // The first refresh reads the client from the database, the second from memory.
            for _ in 0..<2 { #expect(try await visitor.refresh(token).status == 200) }
            try await reload(scene) { $0.replacing("private_hosts:", with: "block: ['localhost'], private_hosts:") }
            let refused = try await visitor.refresh(token)
            // The standing of the session would refuse a remembered client as well, by another code.
            #expect(try refused.status == 401 && refused.object()["error"] == "invalid_client")
        }
    }

    /// Changes the configuration of the running server and waits until the server has read it.
    private func reload(_ scene: Scene, _ edit: (String) -> String) async throws {
        let path = scene.stage.path("gatehouse.yaml")
        _ = try scene.stage.write(edit(String(contentsOfFile: path, encoding: .utf8)), to: "gatehouse.yaml")
        kill(scene.gatehouse.process.identifier, SIGHUP)
        for _ in 0..<1200 {
            if try scene.stage.log("gatehouse").contains("configuration reloaded") { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StageFailure("the server did not reload its configuration within a minute")
    }

    private func refused(_ id: String, in scene: Scene) async throws {
        let client = try SDKClient(on: scene.stage)
        await #expect {
            try await client.connect(to: scene.server, as: .document(id))
        } throws: { "\($0)".contains("no way on from this page") }
        #expect(try await scene.sessions().isEmpty)
    }
}
