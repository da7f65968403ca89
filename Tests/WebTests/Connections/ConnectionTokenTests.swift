import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("Tokens of connected accounts")
struct ConnectionTokenTests {
    /// A server with a user who has connected an account, and the user's access token.
    private func play(
        lifetime: Int64 = 3600,
        _ test: @Sendable @escaping (Harness, LoopbackProvider, String) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        provider.setLifetime(lifetime)
        try await Harness.run { h in
            try await h.providers.add(provider)
            let token = try await h.tokens().access
            _ = try await h.providers.connect(token, h.browser())
            #expect(try await h.providers.connections().count == 1)
            try await test(h, provider, token)
        }
        try await provider.stop()
    }

    @Test func `the MCP server gets the access token for a live token of the user, and nothing else`()
        async throws
    {
        try await play { h, _, token in
            let answer = try await h.providers.exchange(token)
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            #expect(
                answer.json.text
                    == #"{"access_token":"access-canary-1","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":3600,"scope":"repo"}"#
            )
            let used = try #require(try await h.records(.connectionUsed).first)
            #expect(used.actor == .resource(h.resource.id) && used.initiator == .server && used.user == h.user.id)
            let metadata = try await h.client.execute(uri: "/.well-known/oauth-authorization-server", method: .get)
            #expect(metadata.json["grant_types_supported"]?.strings?.contains(GrantType.tokenExchange.rawValue) == true)
        }
    }

    @Test func `an expired, foreign or malformed token gets nothing`() async throws {
        try await play { h, _, token in
            let other = try await h.addServer("https://other.example/mcp")
            #expect(try await h.providers.exchange(token, as: other).error == "invalid_request")
            #expect(try await h.providers.exchange("nonsense").error == "invalid_request")
            #expect(
                try await h.providers.exchange(token, ["audience": "urn:gatehouse:provider:pub"]).error
                    == "invalid_target")
            let stranger = AskingServer(resource: h.resource, secret: .random())
            #expect(try await h.providers.exchange(token, as: stranger).status == .unauthorized)
            let form = [
                ("grant_type", GrantType.tokenExchange.rawValue), ("client_id", "quill"), ("subject_token", token),
            ]
            #expect(try await h.send("/token", form).error == "invalid_client")
            let posted = try await h.providers.exchange(token)
            #expect(posted.status == .ok)
            h.clock.advance(by: 601)
            #expect(try await h.providers.exchange(token).error == "invalid_request")
        }
    }

    /// What can come between the connection and its next use, and how that is answered then.
    enum Deed: String, CaseIterable {
        case accountLocked = "invalid_request"
        case sessionEnded = "invalid_request "
        case permissionGone = "invalid_target"
        case permissionNarrowed = "invalid_grant"
        case connectionEnded = "invalid_grant "

        var error: String { rawValue.split(separator: " ").joined() }

        func happen(_ h: Harness) async throws {
            let (now, user, resource, hub) = (h.clock.now, h.user.id, h.resource.id, try ProviderName("hub"))
            let session = try await h.sessions().first?.id
            let connection = try await h.providers.connections().first?.id
            _ = try await h.gatehouse.store.write { tx -> Bool? in
                switch self {
                case .accountLocked: return try tx.users.setDisabled(now, user)
                case .sessionEnded: return try session.map { try tx.sessions.end($0, .byAdmin(at: now)) }
                case .permissionGone: return try tx.providers.removeRule(provider: hub, resource: resource)
                case .permissionNarrowed:
                    let scope = try ScopeSet(parsing: "user")
                    try tx.providers.set(
                        ProviderRule(provider: hub, resourceID: resource, scope: scope, createdAt: now))
                    return true
                case .connectionEnded:
                    return try connection.map { try tx.connections.end($0, reason: .revokedByAdmin, now: now) }
                }
            }
        }
    }

    @Test(arguments: Deed.allCases)
    func `the tokens are unavailable after the end of session, account, permission or connection`(deed: Deed)
        async throws
    {
        try await play { h, _, token in
            #expect(try await h.providers.exchange(token).status == .ok)
            try await deed.happen(h)
            #expect(try await h.providers.exchange(token).error == deed.error)
            #expect(try await h.records(.connectionUsed).count == 1)
        }
    }

    @Test func `a connection serves only its own user and MCP server`() async throws {
        try await play { h, _, _ in
            _ = try await h.addUser("bob")
            let bob = h.browser()
            var page = try await h.authorize(bob, h.request())
            page = try await h.signIn(bob, at: page, as: "bob")
            let token = try await h.tokens(bob).access
            #expect(try await h.providers.exchange(token).error == "invalid_grant")
        }
    }

    @Test func `of fifty exchanges at once with a token that runs out, one renews and all get the new one`()
        async throws
    {
        try await play(lifetime: 90) { h, provider, token in
            h.clock.advance(by: 31)
            provider.setLifetime(3600)
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 1...50 {
                    group.addTask { try await h.providers.exchange(token).json["access_token"]?.string }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(tokens == ["access-canary-2"])
            #expect(provider.tokenRequests.count == 2)
            #expect(try await h.records(.connectionRefreshed).count == 1)
        }
    }

    @Test func `a connection that the provider rejects ends, and the user can connect again`() async throws {
        try await play(lifetime: 90) { h, provider, token in
            h.clock.advance(by: 31)
            provider.behave(.answering("400 Bad", body: #"{"error":"invalid_grant"}"#))
            #expect(try await h.providers.exchange(token).error == "invalid_grant")
            let ended = try #require(try await h.providers.connections().first)
            #expect(ended.endReason == .refusedByProvider && ended.tokens == nil)
            #expect(try await h.records(.connectionEnded).count == 1)
            #expect(try await h.providers.exchange(token).error == "invalid_grant")
            #expect(provider.tokenRequests.count == 2)
            provider.behave(.giving)
            _ = try await h.providers.connect(token, h.browser())
            #expect(try await h.providers.exchange(token).json["access_token"]?.string == "access-canary-2")
        }
    }

    @Test func `while the provider is away an old token is handed out to its end, and the connection stays`()
        async throws
    {
        try await play(lifetime: 90) { h, provider, token in
            h.clock.advance(by: 31)
            provider.behave(.answering("503 Later", body: ""))
            #expect(try await h.providers.exchange(token).json["expires_in"]?.integer == 59)
            h.clock.advance(by: 59)
            let away = try await h.providers.exchange(token)
            #expect(away.status == .serviceUnavailable && away.headers[.retryAfter] != nil)
            #expect(try await h.providers.connections().first?.endedAt == nil)
            provider.behave(.giving)
            #expect(try await h.providers.exchange(token).json["access_token"]?.string == "access-canary-2")
        }
    }
}
