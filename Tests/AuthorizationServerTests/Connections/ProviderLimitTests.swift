import JOSE
import NIOCore
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Limits of the registration of providers")
struct ProviderLimitTests {
    private func run(_ h: Harness, _ request: AdministrationRequest) async -> Result<
        AdministrationAnswer, AdministrationError
    > {
        let administration = Administration(
            store: h.gatehouse.store, keys: h.gatehouse.keys,
            providers: ProviderClient(
                issuer: h.gatehouse.settings.issuer, outbound: OperatorClient(deadline: .seconds(20))),
            clock: h.clock.wall)
        do throws(AdministrationError) {
            return .success(try await administration.run(request, by: Administrator(uid: 1000, claimed: nil)))
        } catch {
            return .failure(error)
        }
    }

    private func addExplicit(_ h: Harness) async throws {
        var draft = ProviderDraft(name: "hub", owner: "Platform team", clientID: "gatehouse")
        draft.authorizationEndpoint = "https://hub.example/authorize"
        draft.tokenEndpoint = "https://hub.example/token"
        _ = try await run(h, .providers(.add(draft))).get()
    }

    /// Registers a provider whose document names these endpoints.
    private func discover(
        _ h: Harness, authorization: String = "ISSUER/a", token: String = "ISSUER/t", revocation: String = "ISSUER/r",
        _ adjust: (inout ProviderDraft) -> Void = { _ in }
    ) async throws -> Result<AdministrationAnswer, AdministrationError> {
        let server = try await LoopbackServer.start { request in
            // The issuer stands in the Host field of whoever asks.
            let host = request.split(separator: "\r\n").first { $0.hasPrefix("Host: ") }?.dropFirst(6) ?? ""
            let document = """
                {"issuer":"ISSUER","authorization_endpoint":"\(authorization)","token_endpoint":"\(token)",\
                "revocation_endpoint":"\(revocation)"}
                """
            return LoopbackServer.http("200 OK", body: document.replacing("ISSUER", with: "http://\(host)"))
        }
        var draft = ProviderDraft(name: "hub", owner: "Platform team", clientID: "gatehouse")
        draft.issuer = "http://127.0.0.1:\(server.port)"
        adjust(&draft)
        let outcome = await run(h, .providers(.add(draft)))
        try await server.stop()
        return outcome
    }

    private func kept(_ h: Harness) async throws -> Provider? {
        try await h.gatehouse.store.read { try $0.providers.find(ProviderName("hub")) }
    }

    static let unfit = [
        "http://127.0.0.1:1/t", "http://localhost/t", "https://127.0.0.1/t", "https://10.0.0.5/t",
        "https://tokens.example:8443/t", "https://internal/t", "https://169.254.169.254/t", "https://u@a.example/t",
        "https://[fd00:ec2::254]/t", "http://tokens.example/t",
    ]

    @Test(arguments: unfit)
    func `an endpoint of a metadata document must not lead to a private address`(endpoint: String) async throws {
        try await Harness.run { h in
            for outcome in [
                try await discover(h, authorization: endpoint), try await discover(h, token: endpoint),
                try await discover(h, revocation: endpoint),
            ] {
                #expect(throws: AdministrationError.self) { try outcome.get() }
            }
            #expect(try await kept(h) == nil)
        }
    }

    @Test func `a public endpoint of a metadata document is accepted, and dialled at global addresses only`()
        async throws
    {
        try await Harness.run { h in
            _ = try await discover(h, token: "https://tokens.example/t", revocation: "https://tokens.example/r").get()
            let provider = try #require(try await kept(h))
            #expect(provider.isTokenEndpointForeign && provider.isRevocationEndpointForeign)
            let resolver = Resolver { _ in [try .init(ipAddress: "10.0.0.5", port: 0)] }
            let client = ProviderClient(
                issuer: h.gatehouse.settings.issuer, outbound: OperatorClient(resolver: resolver))
            let access = ProviderAccess(provider: provider, secret: nil)
            let failure = await #expect(throws: GrantFailure.self) {
                _ = try await client.redeem("code", at: access, proof: .random(for: []), now: h.clock.now)
            }
            #expect(
                failure?.cause == .unavailable("tokens.example resolves to 10.0.0.5, which is not permitted"))
        }
    }

    @Test func `endpoints at the issuer's origin and endpoints that the operator names may be private`()
        async throws
    {
        try await Harness.run { h in
            _ = try await discover(h).get()
            let own = try #require(try await kept(h))
            #expect(!own.isTokenEndpointForeign && !own.isRevocationEndpointForeign)
            _ = try await run(h, .providers(.remove("hub"))).get()
            _ = try await discover(h, token: "https://10.0.0.5/t", revocation: "https://10.0.0.5/r") {
                $0.tokenEndpoint = "https://10.0.0.6/t"
                $0.revocationEndpoint = "https://10.0.0.6/r"
            }.get()
            let written = try #require(try await kept(h))
            #expect(written.tokenEndpoint == "https://10.0.0.6/t" && !written.isTokenEndpointForeign)
            #expect(!written.isRevocationEndpointForeign)
        }
    }

    @Test func `the rule for a second MCP server at a provider carries a warning`() async throws {
        try await Harness.run { h in
            try await addExplicit(h)
            let second = try Resource(
                identifier: ResourceIdentifier("https://second.example/mcp"), name: "Second", owner: h.resource.owner,
                scopes: [], secretDigest: .sha256("secret"), createdAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.resources.insert(second) }
            func allow(_ id: ResourceID) async throws -> AdministrationAnswer {
                try await run(h, .providers(.allow(provider: "hub", resource: id.string, scope: "repo"))).get()
            }
            #expect(try await allow(h.resource.id).warning == nil)
            #expect(try await allow(h.resource.id).warning == nil)
            let warned = try await allow(second.id)
            #expect(warned.warning?.contains("per client ID") == true)
            #expect(warned.warning?.contains("Register a client for each MCP server") == true)
        }
    }

    @Test func `an alias of a scope is stored, listed, and must belong to an allowed scope`() async throws {
        try await Harness.run { h in
            try await addExplicit(h)
            func allow(_ sameAs: String...) async -> Result<AdministrationAnswer, AdministrationError> {
                await run(
                    h,
                    .providers(
                        .allow(provider: "hub", resource: h.resource.id.string, scope: "email a=b", sameAs: sameAs)))
            }
            for wrong in ["repo=x", "email", "email=", "=x", "email=two words", ""] {
                let outcome = await allow(wrong)
                #expect(throws: AdministrationError.self, "\(wrong)") { try outcome.get() }
            }
            #expect(try await h.gatehouse.store.read { try $0.providers.rules() }.isEmpty)
            let url = "https://hub.example/auth/email?v=1"
            _ = try await allow("email=\(url)", "a=b=c").get()
            let rule = try #require(try await h.gatehouse.store.read { try $0.providers.rules() }.first)
            #expect(
                rule.aliases == [
                    ScopeAlias(try Scope("email"), grantedAs: try Scope(url)),
                    ScopeAlias(try Scope("a=b"), grantedAs: try Scope("c")),
                ])
            let listed = try await run(h, .providers(.list)).get().json.text
            #expect(listed.contains("email a=b (email=\(url) a=b=c)"))
            #expect(rule.excess(of: try ScopeSet(parsing: "email c \(url)")).isEmpty)
            #expect(rule.excess(of: try ScopeSet(parsing: "b email")) == [try Scope("b")])
        }
    }
}
