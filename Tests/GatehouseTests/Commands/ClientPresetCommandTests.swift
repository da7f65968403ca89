import Foundation
import JOSE
import OAuth
import Storage
import TestSupport
import Testing

@testable import gatehouse

@Suite("clients add --preset")
struct ClientPresetCommandTests {
    @Test(arguments: ClientPreset.allCases)
    func `a preset registers the client and prints what to type, with id, secret and addresses`(
        preset: ClientPreset
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let redirect = preset.missingRedirect == nil ? [] : ["--redirect-uri", "https://a.example/cb"]
            let run = try await gatehouse(["clients", "add", "--preset", preset.rawValue] + redirect)
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            let stored = try await gatehouse.storedClients()
            let client = try #require(stored.first)
            #expect(client.name == preset.name && client.authMethod == preset.method)
            #expect(client.redirectURIs.map(\.string) == (redirect.last.map { [$0] } ?? preset.redirects))
            let steps = run.output.components(separatedBy: "In \(preset.name):").last ?? ""
            #expect(steps.contains(client.id.string))
            #expect(steps.contains("gate_s_") == (preset.method != .none), "a secret is typed where there is one")
            #expect(!steps.contains("authorize") || steps.contains("http://localhost:8080/authorize"))
        }
    }

    @Test func `a client that makes its own redirect needs --redirect-uri, and the error says where it stands`()
        async throws
    {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse("clients", "add", "--preset", "copilot-studio")
            #expect(
                run.status == 2 && run.errors.contains("--redirect-uri") && run.errors.contains("Copilot Studio shows"))
            #expect(try await gatehouse.storedClients().isEmpty)
        }
    }

    @Test func `an option takes precedence over the preset`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            let run = try await gatehouse(
                "clients", "add", "--preset", "gemini-cli", "--name", "Terminal", "--redirect-uri",
                "http://localhost:1/cb",
                "--auth", "client_secret_post", "--json")
            #expect(run.status == 0)
            let client = try #require(try await gatehouse.storedClients().first)
            #expect(client.name == "Terminal" && client.authMethod == .clientSecretPost)
            #expect(client.redirectURIs.map(\.string) == ["http://localhost:1/cb"])
            #expect(
                try run.json().object?["client_id"]?.string == client.id.string, "the steps are no part of the JSON")
        }
    }

    @Test(arguments: ClientPreset.allCases)
    func `the printed steps follow the redirect and the method that were registered`(preset: ClientPreset) {
        let steps = preset.steps(
            issuer: "https://auth.example", clientID: "c", secret: "s3cret", redirect: "http://localhost:1/cb"
        ).joined(separator: "\n")
        #expect(steps.contains("s3cret"))
        let shown = steps.contains("http://localhost:1/cb")
        #expect(shown || !steps.contains("redirectUri") && !steps.contains("Callback"))
        let open = preset.steps(issuer: "https://auth.example", clientID: "c", secret: nil, redirect: "r").joined()
        #expect(!open.lowercased().contains("secret"))
    }

    @Test func `the redirects of a preset lead to the user's computer or are those of a known client`() throws {
        for redirect in ClientPreset.allCases.flatMap(\.redirects) {
            let uri = try RedirectURI(redirect)
            #expect(uri.isLoopback || KnownRedirects.shipped.entry(for: uri) != nil, "\(redirect)")
        }
    }
}

extension CommandLineProgram {
    fileprivate func storedClients() async throws -> [RegisteredClient] {
        try await withStore { store in try await store.read { try $0.clients.list() } }
    }
}
