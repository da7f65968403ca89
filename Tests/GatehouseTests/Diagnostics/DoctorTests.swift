import Foundation
import JOSE
import Synchronization
import TestSupport
import Testing

/// A client's web site with one metadata document, which the server may fetch although it is on this machine.
private func withDocument(
    _ members: JSONObject = [:], _ test: (LoopbackServer, _ id: String, _ settings: String) async throws -> Void
) async throws {
    let shelf = Mutex("")
    let server = try await LoopbackServer.start(tls: TestAuthority.server("localhost")) { _ in
        LoopbackServer.http(
            "200 OK", "Content-Type: application/json\r\nCache-Control: max-age=120", body: shelf.withLock { $0 })
    }
    let id = "https://localhost:\(server.port)/client.json"
    var document: JSONObject = [
        "client_id": .string(id), "client_name": "Travelling Notebook",
        "redirect_uris": ["http://127.0.0.1/callback", "cursor://app/callback"],
    ]
    for (name, value) in members.members { document[name] = value }
    let text = JSON.object(document).text
    shelf.withLock { $0 = text }
    let settings = """
        clients: { metadata_documents: { private_hosts: ["localhost:\(server.port)"] } }
        outbound: { trust: ["\(try TestAuthority.shared.get().file)"] }
        """
    do {
        try await test(server, id, settings)
    } catch {
        try? await server.stop()
        throw error
    }
    // The test may have stopped it already.
    try? await server.stop()
}

@Suite("gatehouse doctor")
struct DoctorTests {
    @Test func `a reference from an error page shows the steps, and an unknown one fails with one line`() async throws {
        try await Stage.play { stage in
            let gatehouse = try await RunningGatehouse.start(on: stage)
            let page = try await gatehouse.http.get("/authorize?client_id=nobody", headers: [("Accept", "text/html")])
            let start = try #require(page.text.range(of: "Reference <code>"))
            let reference = String(page.text[start.upperBound...].prefix { $0.isHexDigit })
            let told = try await gatehouse.command(["doctor", reference])
            #expect(told.status == 0 && told.errors.isEmpty)
            let lines = told.output.split(separator: "\n")
            #expect(lines.count == 2 && lines[0].contains("A request arrived from the client nobody"))
            #expect(lines[1].contains("Refused with invalid_client") && lines[1].contains("unknown client nobody"))
            let steps = try await gatehouse.json(["doctor", reference]).array?.compactMap(\.object)
            #expect(steps?.compactMap { $0["step"]?.string } == ["arrived", "refused"])
            #expect(steps?.first?.members.map(\.name) == ["at", "step", "detail"])
            let unknown = try await gatehouse.command(["doctor", "0123456789abcdef"])
            #expect(unknown.status == 1 && unknown.output.isEmpty && unknown.errors.hasSuffix(".\n"))
            #expect(unknown.errors.contains("'0123456789abcdef'"))
            #expect(unknown.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func `without a server a reference fails and names the remedy`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("doctor", "0123456789abcdef")
            #expect(run.status == 1 && run.output.isEmpty && run.errorLines.count == 1)
            #expect(run.errors.contains("'gatehouse serve'"))
        }
    }

    @Test func `--client checks a document with the server's policy, and without a server with the configuration`()
        async throws
    {
        try await withDocument { server, id, settings in
            try await Stage.play { stage in
                let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
                _ = try await gatehouse.object([
                    "resources", "add", "https://files.example/mcp", "--name", "Files", "--owner", "Team", "--scope",
                    "files:read=Read your files",
                ])
                let shown = try await gatehouse.command(["doctor", "--client", id])
                #expect(shown.status == 0, "\(shown.errors)")
                for words in [
                    "ok       fetched", "Status 200 from localhost (127.0.0.1)",
                    "of 120 s, and is cached for 120 s here",
                    "for 1 more days; its host must renew it", "http://127.0.0.1/callback: with any port",
                    "cursor://app/callback", "the name 'Travelling Notebook' and the host localhost:",
                    "It may access 'Files'", "It has no live sessions",
                ] { #expect(shown.output.contains(words), "\(words) is not in\n\(shown.output)") }
                #expect(try await gatehouse.json(["clients", "list"]) == [])
                let direct = try await CommandLineProgram(stage: stage)(
                    "doctor", "--client", id, "--json", "--config", stage.path("gatehouse.yaml"))
                #expect(direct.status == 0)
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test func `--client exits with 1 for a refused document, an address that is no https URL and an unreachable host`()
        async throws
    {
        try await withDocument(["client_secret": "s"]) { server, id, settings in
            try await Stage.play { stage in
                let gatehouse = try await RunningGatehouse.start(on: stage, settings: settings)
                let refused = try await gatehouse.command(["doctor", "--client", id, "--json"])
                #expect(refused.status == 1 && refused.errors.contains("1 problem found."), "\(refused.errors)")
                let rows = try refused.json().array?.compactMap(\.object) ?? []
                #expect(rows.last?["state"] == "problem" && rows.last?["check"] == "secrets")
                #expect(rows.last?["detail"]?.string?.contains("it may hold no client_secret") ?? false)
                for address in ["http://localhost/c.json", "quill", "https://", "localhost"] {
                    let run = try await gatehouse.command(["doctor", "--client", address])
                    #expect(run.status == 1 && run.output.isEmpty && run.errors.split(separator: "\n").count == 1)
                }
                try await server.stop()
                let dead = try await gatehouse.command(["doctor", "--client", id])
                #expect(
                    dead.status == 1 && dead.output.contains("problem  fetched  Fetching failed: no connection"))
            }
        }
    }
}
