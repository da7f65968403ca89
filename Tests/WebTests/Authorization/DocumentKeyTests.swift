import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Client ID Metadata Document §4.1 Clients whose document publishes keys")
struct DocumentKeyTests {
    private static let keySet = "/jwks.json"

    /// How a document names its methods.
    private enum Methods: CaseIterable {
        /// `private_key_jwt` alone.
        case key
        /// Both, and `private_key_jwt` as its own.
        case ownKey
        /// Both, without a method of its own.
        case either

        var members: JSONObject {
            let both: JSON = ["none", "private_key_jwt"]
            return switch self {
            case .key: ["token_endpoint_auth_method": "private_key_jwt"]
            case .ownKey:
                ["token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_methods_supported": both]
            case .either: ["token_endpoint_auth_method": nil, "token_endpoint_auth_methods_supported": both]
            }
        }
    }

    private static func publish(_ methods: Methods, _ keys: JSONObject, on host: DocumentHost) {
        var members = methods.members
        for (name, value) in keys.members { members[name] = value }
        host.publish(members)
    }

    private static func serve(_ sets: [AssertionKey], on host: DocumentHost) {
        let set: JSONObject = ["keys": .array(sets.map { .object($0.jwk) })]
        host.answer(
            LoopbackServer.http(
                "200 OK", "Content-Type: application/jwk-set+json",
                body: String(decoding: JSON.object(set).bytes, as: UTF8.self)), at: keySet)
    }

    private static func url(_ host: DocumentHost) -> JSONObject { ["jwks_uri": .string(host.id(keySet))] }

    /// Redeems a code or refreshes, with the key or without one.
    private func send(_ scene: DocumentScene, _ form: [(String, String)], key: AssertionKey?) async throws
        -> TestResponse
    {
        let id = scene.host.id()
        let proof = try key?.form(of: id, now: scene.h.clock.now) ?? []
        return try await scene.h.send("/token", form + proof + [("client_id", id)])
    }

    private func redeem(_ scene: DocumentScene, _ grant: Redeemable, key: AssertionKey?) async throws -> TestResponse {
        try await send(
            scene,
            [
                ("grant_type", "authorization_code"), ("code", grant.code), ("code_verifier", grant.verifier),
                ("redirect_uri", DocumentScene.redirect),
            ], key: key)
    }

    private func refresh(_ scene: DocumentScene, _ token: String?, key: AssertionKey?) async throws -> TestResponse {
        try await send(scene, [("grant_type", "refresh_token"), ("refresh_token", token ?? "")], key: key)
    }

    @Test(arguments: [true, false])
    func `a document whose own or only method is the key is held to it`(isInline: Bool) async throws {
        for methods in [Methods.key, .ownKey] {
            try await DocumentScene.play { scene in
                let (key, stranger) = (AssertionKey(), AssertionKey())
                Self.serve([key], on: scene.host)
                Self.publish(methods, isInline ? ["jwks": .object(key.set)] : Self.url(scene.host), on: scene.host)
                let grant = try await scene.code()
                for wrong in [nil, stranger] {
                    #expect(try await redeem(scene, grant, key: wrong).error == "invalid_client")
                }
                let redeemed = try await redeem(scene, grant, key: key)
                #expect(redeemed.status == .ok, "no refusal has spent the code")
                let token = redeemed.tokens.refresh
                for wrong in [nil, stranger] {
                    #expect(try await refresh(scene, token, key: wrong).error == "invalid_client")
                }
                let revoked = try await scene.h.send(
                    "/revoke", [("token", token ?? ""), ("client_id", scene.host.id())])
                #expect(revoked.error == "invalid_client")
                #expect(try await refresh(scene, token, key: key).status == .ok)
                #expect(try await scene.h.sessions().map(\.state) == [.active])
            }
        }
    }

    @Test func `a document that lists both may come either way, and what it did is demanded from then on`() async throws
    {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            Self.publish(.either, ["jwks": .object(key.set)], on: scene.host)
            let open = try await redeem(scene, scene.code(), key: nil)
            scene.h.clock.advance(by: 1)
            let held = try await redeem(scene, scene.code(), key: key)
            #expect(open.status == .ok && held.status == .ok)
            #expect(
                try await scene.h.sessions().map(\.authMethod) == [ClientAuthenticationMethod.none, .privateKeyJWT])
            let next = try await refresh(scene, open.tokens.refresh, key: nil)
            #expect(next.status == .ok)
            #expect(try await refresh(scene, next.tokens.refresh, key: key).status == .ok, "a proof more is no fault")
            #expect(try await refresh(scene, held.tokens.refresh, key: nil).error == "invalid_client")
            #expect(try await refresh(scene, held.tokens.refresh, key: key).status == .ok)
        }
    }

    @Test func `a document that begins to demand its key demands it from sessions of today, not of earlier versions`()
        async throws
    {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            let recent = try await scene.tokens()
            scene.h.clock.advance(by: 1)
            let early = try await scene.tokens()
            let session = try #require(try await scene.h.sessions().last)
            try await scene.h.gatehouse.store.write {
                _ = try $0.execute("UPDATE sessions SET auth_method = NULL WHERE id = ?1", session.id.string)
            }
            Self.publish(.ownKey, ["jwks": .object(key.set)], on: scene.host)
            scene.age()
            #expect(try await refresh(scene, recent.refresh, key: nil).error == "invalid_client")
            #expect(try await refresh(scene, recent.refresh, key: key).status == .ok)
            #expect(try await refresh(scene, early.refresh, key: nil).status == .ok)
        }
    }

    @Test func `an unknown kid fetches the key set again, once a minute`() async throws {
        try await DocumentScene.play { scene in
            let (old, new) = (AssertionKey(), AssertionKey())
            Self.serve([old], on: scene.host)
            Self.publish(.key, Self.url(scene.host), on: scene.host)
            let first = try await redeem(scene, scene.code(), key: old).tokens
            let fetches = scene.host.fetches
            #expect(try await refresh(scene, first.refresh, key: new).error == "invalid_client")
            #expect(try await refresh(scene, first.refresh, key: old).status == .ok)
            #expect(scene.host.fetches == fetches, "the set was fetched within the last minute")
            Self.serve([new], on: scene.host)
            scene.h.clock.advance(by: 61)
            let refused = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await refresh(scene, "x", key: AssertionKey()).error } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(refused.allSatisfy { $0 == "invalid_client" })
            #expect(scene.host.fetches == fetches + 1, "strangers' assertions cause one fetch")
            #expect(
                try await refresh(scene, first.refresh, key: old).error == "invalid_client", "a removed key is refused")
        }
    }

    @Test func `a key set that cannot be fetched is a matter of the moment, and its last good one serves for an hour`()
        async throws
    {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            let down = LoopbackServer.http("500 Internal Server Error", body: "")
            scene.host.answer(down, at: Self.keySet)
            Self.publish(.key, Self.url(scene.host), on: scene.host)
            let grant = try await scene.code()
            #expect(try await redeem(scene, grant, key: key).status == .serviceUnavailable)
            Self.serve([key], on: scene.host)
            scene.h.clock.advance(by: 10)
            let tokens = try await redeem(scene, grant, key: key).tokens
            scene.host.answer(down, at: Self.keySet)
            scene.h.clock.advance(by: 310)
            let refreshed = try await refresh(scene, tokens.refresh, key: key)
            #expect(refreshed.status == .ok)
            scene.h.clock.advance(by: 3_700)
            #expect(try await refresh(scene, refreshed.tokens.refresh, key: key).status == .serviceUnavailable)
        }
    }

    @Test(arguments: [
        #"{"keys":[]}"#, #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, #"{"keys":7}"#, "[]", "x",
        #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
    ])
    func `a key set without a usable key proves nothing`(set: String) async throws {
        try await DocumentScene.play { scene in
            scene.host.answer(
                LoopbackServer.http("200 OK", "Content-Type: application/json", body: set), at: Self.keySet)
            Self.publish(.key, Self.url(scene.host), on: scene.host)
            let grant = try await scene.code()
            #expect(try await redeem(scene, grant, key: AssertionKey()).error == "invalid_client")
            #expect(try await scene.h.gatehouse.spentTokens() == 0)
        }
    }

    @Test func `a key set on a private host is not fetched for a client that nobody accepted`() async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            Self.serve([key], on: scene.host)
            Self.publish(.key, Self.url(scene.host), on: scene.host)
            let browser = try await scene.signedIn()
            #expect(try await scene.consentPage(browser).status == .ok)
            let fetches = scene.host.fetches
            #expect(try await refresh(scene, "x", key: key).error == "invalid_client")
            #expect(scene.host.fetches == fetches, "its document is here, its key set is not asked for")
            try await scene.set(.client(ClientID(scene.host.id())), .allow)
            #expect(try await refresh(scene, "x", key: key).error == "invalid_grant", "an administrator accepts it")
        }
    }

    @Test func `the answer does not tell why a key set cannot be used`() async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            Self.serve([key], on: scene.host)
            Self.publish(.key, Self.url(scene.host), on: scene.host)
            _ = try await redeem(scene, scene.code(), key: key)
            let unknownKey = try await refresh(scene, "x", key: AssertionKey())
            let pages = [
                LoopbackServer.http("404 Not Found", body: ""),
                LoopbackServer.http("200 OK", "Content-Type: application/json", body: "x"),
                LoopbackServer.http("200 OK", "Content-Type: text/html", body: "{}"),
            ]
            for page in pages {
                scene.host.answer(page, at: Self.keySet)
                // Beyond the hour in which the last good set serves.
                scene.h.clock.advance(by: 4_000)
                let answer = try await refresh(scene, "x", key: key)
                #expect(answer.status == unknownKey.status && answer.json == unknownKey.json)
            }
        }
    }

    @Test func `a document without a common method or without a usable key gets a page that says so`() async throws {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            for members: JSONObject in [
                ["token_endpoint_auth_method": "tls_client_auth"], ["token_endpoint_auth_method": "private_key_jwt"],
                ["token_endpoint_auth_method": "private_key_jwt", "jwks": ["keys": []]],
                [
                    "token_endpoint_auth_method": nil,
                    "token_endpoint_auth_methods_supported": ["tls_client_auth", "private_key_jwt"],
                ],
            ] {
                scene.host.publish(members)
                let page = try await scene.consentPage(browser)
                #expect(page.status == .badRequest && page.text.contains("private_key_jwt"), "\(members)")
                #expect(page.headers[.location] == nil)
            }
        }
    }
}
