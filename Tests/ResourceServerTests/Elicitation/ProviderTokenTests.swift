import JOSE
import Testing

@testable import ResourceServer

@Suite("Provider tokens: acting for a user at a third party")
struct ProviderTokenTests {
    /// A good answer to an exchange.
    static func answer(_ token: String) -> JSONObject {
        [
            "access_token": .string(token), "token_type": "Bearer", "expires_in": 3600, "scope": "repo user",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        ]
    }

    @Test func `RFC 8693 sends the user's token with its own credentials and gets a token that nothing prints`()
        async throws
    {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.exchange = (200, Self.answer("canary-token")) }
            let access = try await scene.access("gate_a_x")
            let token = try await scene.elicitations.token(of: "hub", for: access)
            #expect(token.reveal() == "canary-token" && token.scopes == ["repo", "user"] && token.expiresIn == 3600)
            #expect(
                scene.fake.read { $0.exchanges } == [
                    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=gate_a_x"
                        + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
                        + "&audience=urn%3Agatehouse%3Aprovider%3Ahub"
                ])
            _ = try await scene.elicitations.token(of: "hub", scopes: ["repo", "user"], for: access)
            #expect(scene.fake.read { $0.exchanges.last?.hasSuffix("&scope=repo%20user") } == true)
            #expect(scene.fake.read { $0.credentials.last?.hasPrefix("Basic ") } == true)
            var printed = "\(token) \(String(reflecting: token))"
            dump(token, to: &printed)
            #expect(printed.contains("3600") && !printed.contains("canary"))
        }
    }

    @Test(
        arguments: [
            (400, "invalid_grant", .notConnected), (400, "invalid_target", .invalidTarget),
            (400, "invalid_scope", .scopeNotGranted),
            (400, "invalid_request", .invalidRequest), (401, "invalid_client", .invalidClient),
            (503, "temporarily_unavailable", .unavailable), (500, "nonsense", .unavailable),
        ] as [(Int, String, ElicitationError.Kind)])
    func `each refusal has its own kind`(status: Int, code: String, kind: ElicitationError.Kind) async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.exchange = (status, ["error": .string(code)]) }
            let access = try await scene.access()
            #expect(await fault { try await scene.elicitations.token(of: "hub", for: access) }?.kind == kind)
        }
    }

    @Test(
        arguments: [
            ("access_token", nil), ("access_token", ""), ("access_token", "a\r\nX: y"), ("access_token", "a b"),
            ("access_token", 7), ("token_type", "DPoP"), ("token_type", nil), ("issued_token_type", nil),
            ("issued_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ] as [(String, JSON?)])
    func `a response without a bearer token is an error`(name: String, value: JSON?) async throws {
        try await ElicitationScene.play { scene in
            var answer = Self.answer("a")
            answer[name] = value
            let exchange = (200, answer)
            scene.fake.change { $0.exchange = exchange }
            let access = try await scene.access()
            #expect(await fault { try await scene.elicitations.token(of: "hub", for: access) }?.kind == .unavailable)
        }
    }

    @Test func `an invalid provider name or an access without a token sends nothing`() async throws {
        try await ElicitationScene.play { scene in
            var access = try await scene.access()
            let named = await fault { try await scene.elicitations.token(of: "hub&x=1", for: access) }
            #expect(named?.kind == .invalidTarget)
            access.token = nil
            let tokenless = access
            let found = await fault { try await scene.elicitations.token(of: "hub", for: tokenless) }
            #expect(found?.kind == .invalidSubjectToken)
            #expect(scene.fake.read { $0.exchanges.isEmpty })
        }
    }
}
