import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Misspelled resource identifiers")
struct NearMissTests {
    @Test(arguments: [
        ("https://files.example/mcp/", "a slash at the end"), ("https://files.example/MCP", "upper and lower case"),
        ("https://files.example/mcp?x=1", "the query"), ("https://files.example", "the path behind its host"),
    ])
    func `the error and the doctor name the registered identifier and the difference`(asked: String, difference: String)
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let answer = try await h.authorize(browser, h.request(["resource": asked]))
            let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
            #expect(query["error"] == ["invalid_target"])
            let said = "https://files.example/mcp is registered, and differs from it by \(difference)."
            #expect(query["error_description"]?.first?.contains(said) == true, "\(query)")
            let told = h.gatehouse.traces.all.flatMap(\.rows).compactMap { $0["detail"]?.string }
            #expect(told.contains { $0.contains(said) })
            #expect(try await h.sessions().isEmpty)
        }
    }

    @Test func `a dissimilar MCP server and one that the client may not use are not named`() async throws {
        try await Harness.run { h in
            let other = Resource(
                identifier: try ResourceIdentifier("https://mail.example/mcp"), name: "Mail", owner: "Mail team",
                scopes: [], secretDigest: .sha256("x"), createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(other) }
            _ = try await h.register("narrow", redirects: [Harness.redirect], resources: [other.id])
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            for (client, asked) in [("quill", "https://else.example/mcp"), ("narrow", "https://files.example/mcp/")] {
                let answer = try await h.authorize(browser, h.request(["resource": asked, "client_id": client]))
                let query = FormText.decode(queryOf: answer.headers[.location] ?? "")
                #expect(query["error"] == ["invalid_target"])
                #expect(query["error_description"]?.first?.contains("https://") == false)
            }
        }
    }

    @Test func `resources add warns when it makes two that differ by so little`() async throws {
        try await Harness.run { h in
            func add(_ identifier: String) async throws -> AdministrationAnswer {
                let administration = Administration(store: h.gatehouse.store, keys: nil, clock: h.clock.wall)
                let draft = ResourceDraft(identifier: identifier, name: "Files", owner: "Files team")
                return try await administration.run(.resources(.add(draft)), by: .current)
            }
            for (identifier, difference) in [
                ("https://files.example/mcp/", "a slash at the end"), ("https://files.example/Mcp", "case"),
                ("https://files.example", "the path behind its host"),
            ] {
                let answer = try await add(identifier)
                #expect(answer.rows.first?["client_secret"] != nil, "it is registered all the same")
                #expect(answer.warning?.contains(difference) == true, "\(answer.warning ?? "nothing")")
                #expect(answer.warning?.lowercased().contains("https://files.example/mcp") == true)
            }
            #expect(try await add("https://else.example/mcp").warning == nil)
        }
    }
}
