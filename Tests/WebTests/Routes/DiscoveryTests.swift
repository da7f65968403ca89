import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 8414 Discovery")
struct DiscoveryTests {
    private static let names = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

    @Test func `the document is the same at every address and names the issuer exactly`() async throws {
        try await Harness.run { h in
            let bodies = try await h.texts(of: Self.names)
            #expect(Set(bodies).count == 1)
            let body = try await h.browser().get(Self.names[0]).json
            #expect(body["issuer"]?.string == "http://localhost")
            #expect(body["response_types_supported"]?.strings == ["code"])
            #expect(body["code_challenge_methods_supported"]?.strings == ["S256"])
            #expect(body["client_id_metadata_document_supported"]?.bool == true)
            #expect(body["authorization_response_iss_parameter_supported"]?.bool == true)
            #expect(body["scopes_supported"]?.strings == ["offline_access"])
            #expect(body["token_endpoint_auth_methods_supported"]?.strings?.contains("none") == true)
            #expect(body["registration_endpoint"]?.string == "http://localhost/register")
        }
    }

    private static let below = names.map { $0 + "/t1" } + names.map { "/t1" + $0 }

    @Test func `an issuer with a path has four addresses, and all endpoints below it`() async throws {
        try await Harness.run(issuer: "http://localhost/t1") { h in
            #expect(Set(try await h.texts(of: Self.below)).count == 1)
            for name in Self.names { #expect(try await h.browser().get(name).status == .notFound) }
            let page = try await h.browser().get("/t1/authorize?" + FormText.encode(h.request()))
            #expect(page.text.contains("action=\"/t1/login\""))
        }
    }

    @Test func `metadata_at_root adds the two root addresses of an issuer with a path, open to scripts too`()
        async throws
    {
        let adjust: @Sendable (inout Settings) -> Void = { $0.metadataAtRoot = true }
        try await Harness.run(issuer: "http://localhost/t1", adjust: adjust) { h in
            #expect(Set(try await h.texts(of: Self.below + Self.names)).count == 1)
            #expect(try await h.browser().get(Self.names[0]).json["issuer"]?.string == "http://localhost/t1")
            for name in Self.names {
                let answer = try await h.client.execute(
                    uri: name, method: .get, headers: [.origin: "https://inspector.example"])
                #expect(answer.headers[.accessControlAllowOrigin] == "*")
            }
        }
    }

    @Test func `the document has the members that OpenID parsers require`() async throws {
        try await Harness.run { h in
            let body = try await h.browser().get(Self.names[1]).json
            #expect(body["subject_types_supported"]?.strings == ["public"])
            #expect(body["id_token_signing_alg_values_supported"]?.strings == ["ES256"])
            for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
                #expect(body[name]?.string?.isEmpty == false, "\(name)")
            }
            #expect(body["response_types_supported"]?.strings?.isEmpty == false)
        }
    }

    @Test func `no member is an empty string, and every endpoint that is named answers`() async throws {
        try await Harness.run { h in
            let body = try await h.browser().get(Self.names[0]).json
            for (name, value) in body.members {
                #expect(value.string != "", "\(name)")
                guard name.hasSuffix("_endpoint") || name == "jwks_uri", let address = value.string else { continue }
                let path = String(address.dropFirst("http://localhost".count))
                let get = try await h.browser().get(path)
                let post = try await h.send(path, [])
                #expect(get.status != .notFound || post.status != .notFound, "\(name)")
            }
        }
    }

    @Test func `every grant type that is listed works, and one that is not is refused`() async throws {
        try await Harness.run { h in
            let listed = try await h.browser().get(Self.names[0]).json["grant_types_supported"]?.strings
            let exchange = GrantType.tokenExchange.rawValue
            let device = GrantType.deviceCode.rawValue
            #expect(
                Set(listed ?? []) == ["authorization_code", "refresh_token", "client_credentials", device, exchange])
            for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"] {
                let answer = try await h.send("/token", [("grant_type", grant), ("client_id", "quill")])
                #expect(answer.error == "unsupported_grant_type")
            }
        }
    }

    @Test func `the document can be cached, checked by its tag and asked for by HEAD`() async throws {
        try await Harness.run { h in
            let first = try await h.browser().get(Self.names[0])
            let tag = try #require(first.headers[.eTag])
            let again = try await h.client.execute(uri: Self.names[0], method: .get, headers: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            let head = try await h.client.execute(uri: Self.names[0], method: .head)
            #expect(head.status == .ok)
            #expect(first.headers[.setCookie] == nil)
        }
    }

    @Test func `a request for the document or the keys reads no database once they are made`() async throws {
        try await Harness.run { h in
            let first = try await h.texts(of: Self.names + ["/jwks"])
            try h.gatehouse.store.close()
            await #expect(throws: StoreError.self) { try await h.sessions() }
            #expect(try await h.texts(of: Self.names + ["/jwks"]) == first)
        }
    }

    @Test func `a new key is in the key set at once, and a retired one leaves it`() async throws {
        try await Harness.run { h in
            let before = try await h.keyIDs()
            try h.gatehouse.keys.rotate(.tokens, now: h.clock.now.seconds)
            let during = try await h.keyIDs()
            #expect(during.count == before.count + 1 && Set(before).isSubset(of: during))
            h.clock.advance(by: KeyRing.publishedAhead + 7200)
            let after = try await h.keyIDs()
            #expect(after.count == before.count && Set(after).isSubset(of: during))
        }
    }

    @Test func `a script may read it after asking, with the header that MCP clients send`() async throws {
        try await Harness.run { h in
            for path in Self.names + ["/jwks", "/token", "/par", "/revoke"] {
                let answer = try await h.client.execute(
                    uri: path, method: .options,
                    headers: [
                        .origin: "https://inspector.example", .accessControlRequestMethod: "GET",
                        .accessControlRequestHeaders: "mcp-protocol-version",
                    ])
                #expect(answer.headers[.accessControlAllowOrigin] == "*", "\(path)")
                #expect(answer.headers[.accessControlAllowHeaders]?.contains("MCP-Protocol-Version") == true)
            }
        }
    }
}

extension Harness {
    fileprivate func keyIDs() async throws -> [String] {
        let keys = try await browser().get("/jwks").json["keys"]?.array ?? []
        return keys.compactMap { $0.object?["kid"]?.string }
    }

    fileprivate func texts(of paths: [String]) async throws -> [String] {
        var texts: [String] = []
        for path in paths {
            let answer = try await browser().get(path)
            #expect(answer.status == .ok, "\(path)")
            #expect(answer.headers[.contentType] == "application/json")
            texts.append(answer.text)
        }
        return texts
    }
}
