import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import Logging
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Assessment of a client's metadata document")
struct ClientTrialTests {
    @Test(arguments: [
        ("claude", "with any port", false), ("claude-code", "with any port, and exactly this path", true),
        ("vscode", "http://127.0.0.1:33418/: with any port", true), ("goose", "with any port", true),
        ("chatgpt", "with any port", false), ("opencode", "with any port", true), ("smithery", "with any port", false),
        ("mcpjam", "http://127.0.0.1:6274/oauth/callback: with any port", true), ("gemini", "with any port", false),
    ])
    func `the documents of known clients pass, and the findings match their behaviour`(
        name: String, port: String, isLoopback: Bool
    ) async throws {
        let document = try JSONObject(parsing: Array(Workspace.text("Tests/OAuthTests/Fixtures/\(name).json").utf8))
        try await DocumentScene.play { scene in
            var members = document
            members["client_id"] = nil
            scene.host.publish(members)
            let findings = try await scene.tried()
            #expect(!findings.contains { $0["state"] == "problem" }, "\(findings)")
            #expect(findings.contains { $0.says("redirect", port) } == isLoopback)
            let refreshes = document["grant_types"]?.strings?.contains("refresh_token") ?? true
            #expect(findings.contains { $0.says("refresh", "It gets refresh tokens") } == refreshes)
        }
    }

    @Test func `it stores and records nothing, whatever the result`() async throws {
        try await DocumentScene.play { scene in
            let before = try await scene.h.gatehouse.store.read { try $0.audit.tail(limit: 100).count }
            _ = try await scene.tried()
            _ = try await scene.tried(path: "/missing.json")
            let (documents, records, open) = try await scene.h.gatehouse.store.read {
                (
                    try $0.documents.list(), try $0.audit.tail(limit: 100).count,
                    try $0.sessions.list(now: .init(seconds: 0))
                )
            }
            #expect(documents.isEmpty && records == before && open.isEmpty)
            #expect(scene.h.gatehouse.traces.all.isEmpty)
            #expect(scene.host.fetches == 2)
        }
    }

    /// What is wrong with a document, and at which check it ends.
    static let faults: [(members: [String: JSON?], check: String)] = [
        (["client_id": "https://client.example/other.json"], "identity"), (["client_secret": "s"], "secrets"),
        (["client_name": nil], "name"), (["redirect_uris": ["javascript:alert(1)"]], "redirects"),
        (["token_endpoint_auth_method": "client_secret_basic"], "method"), (["scope": 7], "rest"),
    ]

    @Test(arguments: faults.indices)
    func `a fault has the same sentence as the page of an authorization`(
        number: Int
    ) async throws {
        let fault = Self.faults[number]
        try await DocumentScene.play { scene in
            scene.host.serve(fault.members, at: DocumentHost.path)
            let findings = try await scene.tried()
            let last = try #require(findings.last)
            #expect(last["check"]?.string == fault.check && last["state"] == "problem")
            #expect(findings.dropLast().allSatisfy { $0["state"] != "problem" })
            let page = try await scene.consentPage(scene.h.browser())
            let sentence = try #require(last["detail"]?.string)
            #expect(page.status == .badRequest && page.text.contains(sentence.replacing("'", with: "&#39;")))
        }
    }

    @Test(arguments: [
        ("404 Not Found", "Content-Type: application/json", "{}", "the status is 404"),
        ("302 Found", "Content-Type: application/json\r\nLocation: /x", "{}", "the status is 302"),
        ("200 OK", "Content-Type: text/plain", "{}", "Its developer must serve it as application/json"),
    ])
    func `a document that cannot be fetched is reported with cause and remedy`(
        status: String, fields: String, body: String, words: String
    ) async throws {
        try await DocumentScene.play { scene in
            scene.host.answer(LoopbackServer.http(status, fields, body: body))
            let last = try #require(try await scene.tried().last)
            #expect(last.says("fetched", words) && last["state"] == "problem")
        }
    }

    @Test func `a blocked host is not contacted, and a changed document and live sessions are reported`() async throws {
        try await DocumentScene.play { scene in
            _ = try await scene.tokens()
            scene.host.publish(["redirect_uris": ["http://127.0.0.1/callback", "https://new.example/callback"]])
            let findings = try await scene.tried()
            #expect(
                findings.contains { $0.says("changed", "the next consent page says so") && $0["state"] == "warning" })
            #expect(findings.contains { $0.says("in use", "It has 1 live sessions.") })
            let fetches = scene.host.fetches
            try await scene.set(.host(DocumentHost.name), .block)
            let blocked = try await scene.tried()
            #expect(blocked.count == 1 && blocked[0].says("allowed", "A rule blocks it"))
            #expect(scene.host.fetches == fetches)
        }
    }

    @Test func `a host that is not listed and a port that is not listed are distinguished without a fetch`()
        async throws
    {
        try await DocumentScene.play { scene in
            let left = try await scene.tried(allow: ["other.example"])
            #expect(left.count == 1 && left[0].says("allowed", "client.example is not allowed by the configuration"))
            let port = try await scene.tried(id: "https://client.example:4/client.json")
            #expect(port.count == 1 && port[0].says("allowed", "private_hosts does not list it"))
            #expect(scene.host.fetches == 0)
        }
    }

    @Test func `it reports what an authorization would refuse and what it would ignore`() async throws {
        try await DocumentScene.play { scene in
            scene.host.publish([
                "grant_types": ["client_credentials"], "scope": "files:read mail:send",
                "redirect_uris": ["cursor://app/callback", "https://app.example/callback"],
                "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            ])
            let findings = try await scene.tried()
            #expect(findings.contains { $0.says("grants", "unauthorized_client") && $0["state"] == "problem" })
            #expect(findings.contains { $0.says("refresh", "no refresh token") && $0["state"] == "warning" })
            #expect(findings.contains { $0.says("redirect", "cursor://app/callback") && $0["state"] == "warning" })
            #expect(!findings.contains { $0.says("redirect", "must begin with https://") })
            #expect(findings.contains { $0.says("authentication", "Ignored authentication methods: private_key_jwt") })
            #expect(findings.contains { $0.says("scopes", "files:read, mail:send (unknown to every MCP server here)") })
            let page = try await scene.consentPage(
                scene.h.browser(), ["redirect_uri": "https://app.example/callback"])
            #expect(page.text.contains("did not register the authorization_code grant"))
        }
    }

    @Test func `an MCP server whose policy excludes the host is not listed`()
        async throws
    {
        try await DocumentScene.play { scene in
            try await scene.h.policy(SessionPolicyChange(clientHosts: ["other.example"]))
            let findings = try await scene.tried()
            #expect(
                findings.contains {
                    $0.says("MCP servers", "It may access none")
                        && $0["state"] == "problem"
                })
        }
    }

    @Test func `localhost keeps its port where the configuration says so`() async throws {
        try await DocumentScene.play { scene in
            var settings = scene.h.gatehouse.settings
            settings.clients.localhostAnyPort = false
            let findings = try await scene.tried(settings: settings)
            #expect(findings.contains { $0.says("redirect", "http://localhost/callback: with this port alone") })
            #expect(findings.contains { $0.says("redirect", "http://127.0.0.1/callback: with any port") })
        }
    }
}

extension DocumentScene {
    /// What the doctor finds of the site's client.
    fileprivate func tried(
        path: String = DocumentHost.path, id: String? = nil, allow: [String] = ["*"], settings: Settings? = nil
    ) async throws -> [JSONObject] {
        let store = h.gatehouse.store
        let trial = ClientProbe(
            store: store, fetcher: try host.fetcher(store, allow: allow), settings: settings ?? h.gatehouse.settings,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let administration = Administration(
            store: store, keys: nil, diagnostics: Diagnostics(trial: trial), clock: h.clock.wall)
        return try await administration.run(.doctor(.client(id ?? host.id(path))), by: .current).rows
    }
}

extension JSONObject {
    fileprivate func says(_ check: String, _ words: String) -> Bool {
        self["check"]?.string == check && self["detail"]?.string?.contains(words) ?? false
    }
}
