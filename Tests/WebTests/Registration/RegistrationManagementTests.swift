import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("RFC 7592 management of a registration")
struct RegistrationManagementTests {
    /// A confidential client with its registration.
    private struct Registrant {
        let id: String
        let secret: String
        let token: String
        let path: String
        let method: String

        init(_ h: Harness, method: String = "client_secret_basic") async throws {
            let body = Harness.registration(["token_endpoint_auth_method": .string(method)])
            let answer = try await h.register(body).json
            id = try #require(answer["client_id"]?.string)
            secret = try #require(answer["client_secret"]?.string)
            token = try #require(answer["registration_access_token"]?.string)
            let uri = try #require(answer["registration_client_uri"]?.string)
            path = "/register/" + id
            self.method = method
            #expect(uri == "http://localhost" + path)
        }

        /// The request that replaces the metadata.
        func update(_ changes: JSONObject = [:]) -> JSONObject {
            var members = Harness.registration([
                "client_id": .string(id), "token_endpoint_auth_method": .string(method),
            ])
            for (name, value) in changes.members { members[name] = value }
            return members
        }
    }

    private func metadata(_ h: Harness, of id: String) async throws -> ClientRegistration? {
        try await h.dynamicClients().first { $0.id.string == id }.map { try ClientRegistration(stored: $0.metadata) }
    }

    @Test func `§2.1 the registrant reads its registration`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let answer = try await h.manage(.get, client.path, bearer: client.token)
            #expect(answer.status == .ok && answer.headers[.cacheControl] == "no-store")
            #expect(answer.json["client_id"]?.string == client.id && answer.json["client_name"]?.string == "Desk")
            #expect(answer.json["registration_access_token"]?.string == client.token)
        }
    }

    @Test func `a wrong token, another client's token and a public client's id are 401`() async throws {
        try await Harness.run { h in
            let (one, other) = (try await Registrant(h), try await Registrant(h))
            let open = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            let wrong = RegistrationToken.random().reveal()
            let stranger = try ClientID.ofOneRegistrant().string
            let attempts: [(String, String?)] = [
                (one.path, nil), (one.path, wrong), (one.path, other.token), (one.path, one.secret), (one.path, "x"),
                ("/register/" + open, wrong), ("/register/quill", wrong), ("/register/dyc_nobody", wrong),
                ("/register/" + stranger, one.token),
            ]
            for (path, token) in attempts {
                for method in [HTTPRequest.Method.get, .put, .delete] {
                    let body = method == .put ? one.update(["client_name": "Evil"]) : nil
                    let answer = try await h.manage(method, path, body, bearer: token)
                    #expect(answer.status == .unauthorized && answer.error == "invalid_token", "\(method) \(path)")
                    let challenge = try #require(answer.headers[.wwwAuthenticate])
                    #expect(challenge.hasPrefix("Bearer ") && challenge.contains("error=") == (token != nil))
                }
            }
            #expect(try await h.dynamicClients().count == 3)
            #expect(try await metadata(h, of: one.id)?.name == "Desk")
        }
    }

    @Test func `§2.2 an update replaces everything and the token, and the old token is 401`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let body = client.update(["client_name": "New", "client_uri": "https://desk.example/"])
            let answer = try await h.manage(.put, client.path, body, bearer: client.token)
            #expect(answer.status == .ok && answer.json["client_name"]?.string == "New")
            let next = try #require(answer.json["registration_access_token"]?.string)
            #expect(next != client.token && answer.json["client_secret"] == nil)
            #expect(try await h.manage(.get, client.path, bearer: client.token).status == .unauthorized)
            let without = try await h.manage(.put, client.path, client.update(), bearer: next)
            #expect(without.json["client_uri"] == nil, "what an update leaves out is gone")
            #expect(try await metadata(h, of: client.id)?.uri == nil)
            #expect(try await h.records(.clientChanged).isEmpty, "no user approved the client")
        }
    }

    @Test func `an update passes the checks of a registration`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let refused: [(JSONObject, String)] = [
                (["redirect_uris": ["https://evil.example/cb"]], "invalid_redirect_uri"),
                (["redirect_uris": []], "invalid_redirect_uri"),
                (["client_uri": "javascript:alert(1)"], "invalid_client_metadata"),
                (["client_id": "quill"], "invalid_client_metadata"),
                (["client_secret": "guess"], "invalid_client_metadata"),
                (["registration_access_token": .string(client.token)], "invalid_client_metadata"),
                (["token_endpoint_auth_method": "none"], "invalid_client_metadata"),
            ]
            for (changes, error) in refused {
                let answer = try await h.manage(.put, client.path, client.update(changes), bearer: client.token)
                #expect(answer.status == .badRequest && answer.error == error, "\(changes)")
            }
            #expect(try await metadata(h, of: client.id)?.redirectURIs.map(\.string) == [Harness.loopback])
            #expect(try await h.manage(.get, client.path, bearer: client.token).status == .ok, "the token stays")
        }
    }

    @Test func `an update that leaves out the method keeps it, and the secret keeps working`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h, method: "client_secret_post")
            let body = client.update(["token_endpoint_auth_method": .null, "client_secret": .string(client.secret)])
            let answer = try await h.manage(.put, client.path, body, bearer: client.token)
            #expect(answer.json["token_endpoint_auth_method"]?.string == "client_secret_post")
        }
    }

    @Test func `an update widens no live session`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let tokens = try await h.tokens(of: client.id, secret: client.secret)
            let before = try #require(try await h.sessions().first)
            let body = client.update([
                "client_name": "Bank", "redirect_uris": ["http://localhost/other"], "scope": "files:write",
            ])
            #expect(try await h.manage(.put, client.path, body, bearer: client.token).status == .ok)
            let next = try await h.refresh(tokens, by: client.id, secret: client.secret)
            #expect(next.status == .ok && next.tokens.scope == "files:read")
            let after = try #require(try await h.sessions().first)
            #expect(after.scope == before.scope && after.expiresAt == before.expiresAt)
            #expect(after.redirectURI == before.redirectURI && after.clientName == before.clientName)
            #expect(try await h.refresh(tokens, by: client.id).status == .unauthorized, "the secret is still needed")
        }
    }

    @Test func `an update that drops refresh_token ends refreshing at once`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let tokens = try await h.tokens(of: client.id, secret: client.secret)
            let body = client.update(["grant_types": ["authorization_code"]])
            #expect(try await h.manage(.put, client.path, body, bearer: client.token).status == .ok)
            let refused = try await h.refresh(tokens, by: client.id, secret: client.secret)
            #expect(refused.status == .badRequest && refused.error == "unauthorized_client")
        }
    }

    @Test func `§2.3 the registrant removes its client, which ends its sessions`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let tokens = try await h.tokens(of: client.id, secret: client.secret)
            let answer = try await h.manage(.delete, client.path, bearer: client.token)
            #expect(answer.status == .noContent && answer.headers[.cacheControl] == "no-store")
            #expect(try await h.sessions().allSatisfy { $0.state == .ended && $0.endReason == .clientRemoved })
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.refresh(tokens, by: client.id, secret: client.secret).status == .unauthorized)
            #expect(try await h.manage(.get, client.path, bearer: client.token).status == .unauthorized)
            #expect(try await h.manage(.delete, client.path, bearer: client.token).status == .unauthorized)
            #expect(try await h.records(.clientRemoved).count == 1)
            #expect(try await h.dynamicClients().isEmpty)
        }
    }

    @Test func `a stranger who registers, changes and removes a client leaves no record`() async throws {
        try await Harness.run { h in
            let before = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }.count
            let client = try await Registrant(h)
            var token = client.token
            for number in 0..<10 {
                let body = client.update(["client_name": .string("n\(number)")])
                let answer = try await h.manage(.put, client.path, body, bearer: token)
                token = answer.json["registration_access_token"]?.string ?? ""
            }
            #expect(try await h.manage(.delete, client.path, bearer: token).status == .noContent)
            #expect(try await h.dynamicClients().isEmpty)
            let after = try await h.gatehouse.store.read { try $0.audit.tail(limit: 100) }.count
            #expect(after == before)
        }
    }

    @Test func `where registration is off, a registrant still reads and removes its client`() async throws {
        let off: @Sendable (inout Settings) -> Void = { $0.clients.registration = .off }
        try await Harness.run(adjust: off) { h in
            let token = RegistrationToken.random()
            let id = try ClientID.ofOneRegistrant()
            let metadata = try ClientRegistration(stored: Harness.registration().bytes).stored()
            let client = DynamicClient(
                id: id, metadata: metadata, registrationTokenDigest: token.digest, network: "",
                registeredAt: h.clock.now)
            try await h.gatehouse.store.write { _ = try $0.dynamicClients.register(client) }
            let path = "/register/" + id.string
            #expect(try await h.manage(.get, path, bearer: token.reveal()).status == .ok)
            let body = Harness.registration(["client_id": .string(id.string)])
            #expect(try await h.manage(.put, path, body, bearer: token.reveal()).status == .methodNotAllowed)
            #expect(try await h.manage(.delete, path, bearer: token.reveal()).status == .noContent)
            #expect(try await h.dynamicClients().isEmpty)
        }
    }

    @Test func `a token that was kept does not open a stricter mode`() async throws {
        let token = RegistrationToken.random()
        let bytes = Harness.registration(["redirect_uris": [.string(Harness.loopback), "https://app.example/cb"]]).bytes
        let metadata = try ClientRegistration(stored: bytes).stored()
        for (mode, isInvited, admitted) in [
            (RegistrationMode.token, false, 1), (.known, false, 1), (.open, false, 2), (.token, true, 2),
            (.known, true, 2),
        ] {
            let adjust: @Sendable (inout Settings) -> Void = { $0.clients.registration = mode }
            try await Harness.run(adjust: adjust) { h in
                let id = try ClientID.ofOneRegistrant()
                let client = DynamicClient(
                    id: id, metadata: metadata, registrationTokenDigest: token.digest, isInvited: isInvited,
                    network: "", registeredAt: h.clock.now)
                try await h.gatehouse.store.write { _ = try $0.dynamicClients.register(client) }
                let request = h.request(["client_id": id.string, "redirect_uri": "https://app.example/cb"])
                let page = try await h.consentPage(h.browser(), request)
                #expect((page.input("token") != nil) == (admitted == 2), "\(mode) \(isInvited)")
                let body = Harness.registration([
                    "client_id": .string(id.string),
                    "redirect_uris": [.string(Harness.loopback), "https://other.example/cb"],
                ])
                let answer = try await h.manage(.put, "/register/" + id.string, body, bearer: token.reveal())
                #expect(answer.json["redirect_uris"]?.array?.count == admitted, "\(mode) \(isInvited)")
            }
        }
    }

    @Test func `the token of a blocked client opens nothing`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            try await h.gatehouse.store.write { transaction in
                try transaction.clientRules.set(
                    ClientRule(.client(ClientID(client.id)), .block, createdAt: h.clock.now))
            }
            for method in [HTTPRequest.Method.get, .put, .delete] {
                let body = method == .put ? client.update() : nil
                let answer = try await h.manage(method, client.path, body, bearer: client.token)
                #expect(answer.status == .unauthorized)
            }
            #expect(try await h.dynamicClients().count == 1)
        }
    }

    @Test func `a client that changes its registration over and over has to wait`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            _ = try await h.tokens(of: client.id, secret: client.secret)
            var token = client.token
            var statuses: [HTTPResponse.Status] = []
            for number in 0..<12 {
                let body = client.update(["client_name": .string("n\(number)")])
                let answer = try await h.manage(.put, client.path, body, bearer: token)
                token = answer.json["registration_access_token"]?.string ?? token
                statuses.append(answer.status)
            }
            #expect(statuses.prefix(10).allSatisfy { $0 == .ok } && statuses[10] == .tooManyRequests)
            #expect(try await metadata(h, of: client.id)?.name == "n9")
            #expect(try await h.records(.clientChanged).count == 10)
            h.clock.advance(by: 60)
            #expect(try await h.manage(.put, client.path, client.update(), bearer: token).status == .ok)
        }
    }

    @Test func `of ten updates at once with one token one counts`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for number in 0..<10 {
                    let body = client.update(["client_name": .string("n\(number)")])
                    group.addTask { try await h.manage(.put, client.path, body, bearer: client.token) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let won = try #require(answers.first { $0.status == .ok })
            #expect(answers.count { $0.status == .ok } == 1 && answers.count { $0.status == .unauthorized } == 9)
            #expect(try await metadata(h, of: client.id)?.name == won.json["client_name"]?.string)
            let next = won.json["registration_access_token"]?.string
            #expect(try await h.manage(.get, client.path, bearer: next).status == .ok)
        }
    }

    @Test func `an update that changes nothing leaves no record`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            _ = try await h.tokens(of: client.id, secret: client.secret)
            let answer = try await h.manage(.put, client.path, client.update(), bearer: client.token)
            #expect(answer.status == .ok && answer.json["registration_access_token"]?.string != client.token)
            #expect(try await h.records(.clientChanged).isEmpty)
        }
    }

    @Test func `the removal of a client ends more sessions than one step of the store`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            let (id, user, resource, now) = (try ClientID(client.id), h.user.id, h.resource, h.clock.now)
            try await h.gatehouse.store.write { transaction in
                for _ in 0..<300 {
                    try transaction.sessions.begin(
                        Session(
                            userID: user, clientID: id, clientName: "Desk", resourceID: resource.id,
                            scope: ScopeSet(parsing: "files:read"), redirectURI: Harness.loopback, binding: nil,
                            createdAt: now, expiresAt: now + 3_600, idleSeconds: 3_600, authTime: now,
                            refreshKeyID: "k1"))
                }
            }
            #expect(try await h.manage(.delete, client.path, bearer: client.token).status == .noContent)
            let live = try await h.gatehouse.store.read {
                try $0.sessions.list(SessionFilter(client: id), limit: 1_000, now: now)
            }
            #expect(live.count { $0.endReason == nil } == 0)
        }
    }

    @Test func `a network that reads registrations too often has to wait`() async throws {
        try await Harness.run { h in
            let client = try await Registrant(h)
            for _ in 0..<599 {
                #expect(try await h.manage(.get, client.path, bearer: client.token).status == .ok)
            }
            let held = try await h.manage(.get, client.path, bearer: client.token)
            #expect(held.status == .tooManyRequests && held.headers[.retryAfter] == "1")
        }
    }
}
