import JOSE
import TestSupport
import Testing

@Suite("clients redirects")
struct ClientRedirectCommandTests {
    @Test func `a redirect is allowed, listed behind those of known clients, and removed, each with a record`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let allowed = try await gatehouse(
                "clients", "redirects", "allow", "https://app.example/cb", "--reason", "our app", "--json")
            #expect(allowed.status == 0 && allowed.errors.isEmpty)
            #expect(try allowed.json().object?["redirect"] == "https://app.example/cb")
            let again = try await gatehouse("clients", "redirects", "allow", "https://app.example/cb")
            #expect(again.status == 1 && again.errors.contains("allowed already"))
            let rows = try await gatehouse("clients", "redirects", "list", "--all", "--json").json().array?
                .compactMap(\.object)
            #expect(rows?.first?["origin"] == "known" && rows?.first?["vendor"] == "Claude")
            #expect(rows?.last?["redirect"] == "https://app.example/cb" && rows?.last?["origin"] == "allowed")
            let removed = try await gatehouse("clients", "redirects", "remove", "https://app.example/cb")
            #expect(removed.status == 0 && removed.output.contains("Sessions continue"))
            #expect(try await gatehouse("clients", "redirects", "remove", "https://app.example/cb").status == 1)
            let records = try await gatehouse("audit", "tail", "--json").json().array?.compactMap(\.object)
            #expect(records?.map { $0["action"] } == ["client.redirect_allowed", "client.redirect_removed"])
            #expect(
                records?.map { $0["reason"] } == ["redirect https://app.example/cb", "redirect https://app.example/cb"])
            #expect(records?.first?["explanation"] == "our app")
        }
    }

    @Test(arguments: [
        ("http://localhost/cb", "needs no permission"), ("https://app.example/*/cb", "at its end"),
        ("https://claude.ai/api/mcp/auth_callback", "redirect of Claude"), ("https://app.example:8443/*", "no port"),
        ("javascript:alert(1)", "makes a device run"),
    ])
    func `a redirect that cannot or need not be allowed is refused, and nothing is stored`(
        redirect: String, words: String
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("clients", "redirects", "allow", redirect)
            #expect(run.status == 1 && run.errorLines.count == 1 && run.errors.contains(words), "\(run.errors)")
            #expect(try await gatehouse("audit", "tail", "--json").json() == [])
        }
    }

    @Test func `a prefix and a scheme that any app can claim come with a warning`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let prefix = try await gatehouse("clients", "redirects", "allow", "https://app.example/oauth/*")
            #expect(prefix.status == 0 && prefix.errors.contains("below 'https://app.example/oauth/'"))
            let scheme = try await gatehouse("clients", "redirects", "allow", "acme-notes:/callback")
            #expect(scheme.status == 0 && scheme.errors.contains("'acme-notes:'"))
            let known = try await gatehouse("clients", "redirects", "remove", "https://vscode.dev/redirect")
            #expect(known.status == 1 && known.errors.contains("the list that ships with Gatehouse"))
        }
    }

    @Test func `the list has pages across both of its parts`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for path in ["a", "b", "c"] {
                _ = try await gatehouse("clients", "redirects", "allow", "https://app.example/\(path)")
            }
            let whole = try await gatehouse("clients", "redirects", "list", "--json").json().array?.compactMap {
                $0.object?["redirect"]?.string
            }
            var pages: [String] = []
            var after: String?
            repeat {
                let page = try await gatehouse(
                    ["clients", "redirects", "list", "--page", "--limit", "7"] + (after.map { ["--after", $0] } ?? []))
                let object = try page.json().object
                pages += object?["items"]?.array?.compactMap { $0.object?["redirect"]?.string } ?? []
                after = object?["next"]?.string
            } while after != nil
            #expect(pages == whole && pages.suffix(3) == ["a", "b", "c"].map { "https://app.example/\($0)" })
        }
    }
}
