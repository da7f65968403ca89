import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import StorageSupport
import TestSupport
import Testing

@testable import Storage

/// Every grant of the token endpoint, with something to redeem.
enum RedeemableGrant: CaseIterable, Sendable {
    case code, refreshToken, exchange, clientCredentials, clientCredentialsByKey, serverCredentials, deviceCode
}

/// Everything that takes away what a grant rests on, each by the verb of an operator.
enum Withdrawal: CaseIterable, Sendable {
    case userDisabled, clientBlocked, clientRemoved, resourceDisabled, resourceRemoved, sessionRevoked, scopeWithdrawn,
        keyReplaced, hostExcluded, accessLost

    /// The error of a grant afterwards; nil where the grant does not rest on it.
    func refusal(of grant: RedeemableGrant) -> String? {
        switch (grant, self) {
        case (.code, .clientBlocked), (.code, .clientRemoved), (.refreshToken, .clientBlocked),
            (.refreshToken, .clientRemoved), (.clientCredentials, .clientBlocked), (.clientCredentials, .clientRemoved),
            (.clientCredentialsByKey, .clientBlocked), (.clientCredentialsByKey, .clientRemoved),
            (.deviceCode, .clientBlocked), (.deviceCode, .clientRemoved),
            (.serverCredentials, .resourceDisabled), (.serverCredentials, .resourceRemoved):
            "invalid_client"
        // The token of an MCP server is for the endpoints of Gatehouse, so it rests on the MCP server alone.
        case (.serverCredentials, _): nil
        // No operator's verb takes a scope out of an approval.
        case (.code, .scopeWithdrawn), (.refreshToken, .scopeWithdrawn), (.deviceCode, .scopeWithdrawn): nil
        // A policy about hosts concerns no client that an administrator registered.
        case (.deviceCode, .hostExcluded): nil
        case (.code, _), (.refreshToken, _), (.deviceCode, _): "invalid_grant"
        case (.exchange, .resourceDisabled), (.exchange, .resourceRemoved): "invalid_client"
        case (.exchange, .scopeWithdrawn): "invalid_target"
        case (.exchange, _): "invalid_request"
        // A client that acts for itself has no user and no host, and opens another session with its own secret or key.
        case (.clientCredentials, .userDisabled), (.clientCredentials, .hostExcluded),
            (.clientCredentials, .accessLost), (.clientCredentials, .sessionRevoked),
            (.clientCredentials, .keyReplaced),
            (.clientCredentialsByKey, .userDisabled), (.clientCredentialsByKey, .hostExcluded),
            (.clientCredentialsByKey, .accessLost), (.clientCredentialsByKey, .sessionRevoked),
            (.clientCredentialsByKey, .keyReplaced):
            nil
        case (.clientCredentials, _), (.clientCredentialsByKey, _): "unauthorized_client"
        }
    }
}

/// A grant that is ready to be redeemed, and what the database holds of it.
private struct GrantScene: Sendable {
    let h: Harness
    let grant: RedeemableGrant
    let service: ServiceClient
    /// The key of the service client or the MCP server that authenticates with one.
    let key: AssertionKey
    let server: Resource
    let code: Redeemable
    let tokens: Tokens
    let device: DeviceCodes

    static func play(
        _ grant: RedeemableGrant, documents: Bool, _ test: @Sendable @escaping (GrantScene) async throws -> Void
    ) async throws {
        let provider = try await LoopbackProvider.start()
        try await Harness.run(documents: documents) { h in
            try await h.providers.add(provider)
            let browser = h.browser()
            let tokens = try await h.tokens(browser)
            _ = try await h.providers.connect(tokens.access, browser)
            let key = AssertionKey()
            let server =
                grant == .serverCredentials
                ? try await h.gatehouse.addServer("https://keyed.example/mcp", key: key) : h.resource
            let service = try await h.addService(key: grant == .clientCredentialsByKey ? key : nil)
            _ = try await h.serve(service, key: grant == .clientCredentialsByKey ? key : nil)
            let code = try await h.code(browser)
            _ = try await DeviceSteps(h: h).add()
            let device = try await DeviceSteps(h: h).codes()
            try await DeviceSteps(h: h).approve(device, browser)
            try await test(
                GrantScene(
                    h: h, grant: grant, service: service, key: key, server: server, code: code, tokens: tokens,
                    device: device))
        }
        try await provider.stop()
    }

    func redeem() async throws -> TestResponse {
        switch grant {
        case .code: try await h.redeem(code)
        case .refreshToken: try await h.refresh(tokens.refresh)
        case .exchange: try await h.providers.exchange(tokens.access)
        case .clientCredentials: try await h.serve(service)
        case .clientCredentialsByKey: try await h.serve(service, key: key)
        case .serverCredentials:
            try await h.send(
                "/token", [("grant_type", "client_credentials")] + key.form(of: server.id.string, now: h.clock.now))
        case .deviceCode: try await DeviceSteps(h: h).poll(device)
        }
    }

    func withdraw(_ withdrawal: Withdrawal) async throws {
        let isService = [.clientCredentials, .clientCredentialsByKey].contains(grant)
        let registered = isService ? service.id : h.registered.id
        let client = try grant == .deviceCode ? ClientID(DeviceSteps.tool) : registered
        switch withdrawal {
        case .userDisabled: try await h.administer(.users(.disable(name: "ada")))
        case .clientBlocked: try await h.administer(.clients(.block(client.string)))
        case .clientRemoved: try await h.administer(.clients(.remove(client.string)))
        case .resourceDisabled:
            try await h.gatehouse.store.write { _ = try $0.execute("UPDATE resources SET disabled_at = 1") }
        case .resourceRemoved: try await h.administer(.resources(.remove(server.id.string)))
        case .sessionRevoked:
            try await h.administer(.sessions(.revoke(SessionSelection(client: client.string), reason: nil)))
        case .scopeWithdrawn:
            try await h.withdraw(service)
            try await h.administer(
                .providers(.allow(provider: "hub", resource: h.resource.id.string, scope: nil)))
        case .keyReplaced:
            let purposes: [RedeemableGrant: String] = [.code: "code", .exchange: "tokens"]
            try await h.administer(.keys(.replace(purpose: purposes[grant] ?? "refresh", reason: nil)))
        case .hostExcluded: try await h.policy(SessionPolicyChange(clientHosts: ["desk.example"]))
        case .accessLost: try await h.changeAccess(AccessChange(groups: []))
        }
    }

    /// What a token leaves behind: live sessions with their generations, and records.
    func traces() async throws -> [String] {
        let sessions = try await h.sessions().filter { $0.isLive(at: h.clock.now) }
        let store = h.gatehouse.store
        return try await store.read { transaction in
            let lives = try sessions.map { "\($0.id) \(try transaction.sessions.grant($0.id)?.generation ?? 0)" }
            let actions: Set<AuditAction> = [
                .tokenIssued, .tokenRefreshed, .tokenRepeated, .connectionUsed, .sessionOpened, .sessionApproved,
                .serverTokenIssued,
            ]
            let records = try transaction.audit.tail(limit: 500).filter { actions.contains($0.entry.action) }
            return lives + records.map { "\($0.sequence)" }
        }
    }
}

@Suite("Every grant, after what it rests on was taken away")
struct GrantMatrixTests {
    @Test(arguments: RedeemableGrant.allCases, Withdrawal.allCases)
    func `is refused and leaves nothing behind`(grant: RedeemableGrant, withdrawal: Withdrawal) async throws {
        try await GrantScene.play(grant, documents: withdrawal == .hostExcluded) { scene in
            try await scene.withdraw(withdrawal)
            let before = try await scene.traces()
            let answer = try await scene.redeem()
            guard let refusal = withdrawal.refusal(of: grant) else {
                #expect(answer.status == .ok, "\(answer.text)")
                return
            }
            #expect(answer.error == refusal && answer.json["access_token"] == nil, "\(answer.text)")
            let after = try await scene.traces()
            #expect(after == before)
        }
    }

    @Test(arguments: RedeemableGrant.allCases)
    func `succeeds while nothing was taken away`(grant: RedeemableGrant) async throws {
        try await GrantScene.play(grant, documents: false) { scene in
            let answer = try await scene.redeem()
            #expect(answer.status == .ok, "\(answer.text)")
        }
    }
}
