import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import Storage

@Suite("Abuse of registration")
struct RegistrationAbuseTests {
    @Test func `2,000 registrations of ten shapes leave ten rows`() async throws {
        try await Harness.run { h in
            let shapes = (0..<10).map { Harness.registration(["client_name": "Desk \($0)"]) }
            var ids: Set<String> = []
            for number in 0..<2_000 {
                // The limit of the network grows by ten requests a second.
                if number % 10 == 0 { h.clock.advance(by: 1) }
                let answer = try await h.register(shapes[number % 10])
                #expect(answer.status == .created)
                if let id = answer.json["client_id"]?.string { ids.insert(id) }
            }
            let stored = try await h.dynamicClients()
            #expect(stored.count == 10 && Set(stored.map(\.id.string)) == ids)
        }
    }

    @Test func `a flood from one network leaves 200 rows, and no other network's client is displaced`() async throws {
        try await Harness.run { h in
            let endpoint = h.gatehouse.registration
            func register(_ name: String, from address: String, secret: Bool = false) async throws -> String? {
                let method: JSON = secret ? "client_secret_basic" : "none"
                let body = Harness.registration(["client_name": .string(name), "token_endpoint_auth_method": method])
                let answer = try await endpoint.register(body.bytes, authorization: nil, address: address)
                return answer.object?["client_id"]?.string
            }
            let victim = try #require(try await register("victim", from: "198.51.100.1"))
            for number in 0..<300 {
                // Older than the time for which a client never gives way.
                h.clock.advance(by: 60)
                _ = try await register("f\(number)", from: "203.0.113.\(number % 250)", secret: number % 2 == 0)
            }
            let stored = try await h.dynamicClients()
            #expect(stored.count == 201 && stored.contains { $0.id.string == victim })
            #expect(stored.count { $0.network == "203.0.113.0/24" } == 200)
            _ = try await h.tokens(of: victim)
        }
    }

    @Test func `a network beyond its limit gets 429 with the seconds to wait, and another one does not`() async throws {
        try await Harness.run { h in
            let endpoint = h.gatehouse.registration
            let body = Harness.registration().bytes
            for _ in 0..<600 { _ = try await endpoint.register(body, authorization: nil, address: "203.0.113.9") }
            await #expect(throws: OAuthError.self) {
                _ = try await endpoint.register(body, authorization: nil, address: "203.0.113.77")
            }
            _ = try await endpoint.register(body, authorization: nil, address: "198.51.100.1")
            for _ in 0..<600 { _ = try await h.register(Harness.registration()) }
            let answer = try await h.register(Harness.registration())
            #expect(answer.status == .tooManyRequests && answer.headers[.retryAfter] == "1")
            #expect(answer.error == "too_many_requests")
            #expect(try await h.dynamicClients().count == 1)
        }
    }

    @Test func `two equal registrations at once are one client, and 50 different ones are 50`() async throws {
        try await Harness.run { h in
            let answers = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try await h.register(Harness.registration(["client_name": .string("Desk \(number / 2)")]))
                            .json["client_id"]?.string
                    }
                }
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(Set(answers).count == 50 && !answers.contains(nil))
            #expect(try await h.dynamicClients().count == 50)
        }
    }

    @Test func `a body that is too large, too deep, doubled or no JSON is refused and stores nothing`() async throws {
        try await Harness.run { h in
            func post(_ text: String, _ type: String = "application/json") async throws -> TestResponse {
                try await h.client.execute(
                    uri: "/register", method: .post, headers: [.contentType: type], body: ByteBuffer(string: text))
            }
            let valid = Harness.registration().bytes
            let redirects = "\"redirect_uris\":[\"\(Harness.loopback)\"]"
            let deep = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
            for text in [
                "", "x", "[]", "{\(redirects),\(redirects)}", "{\(redirects),\"a\":\(deep)}", "{\(redirects)}{}",
            ] {
                let answer = try await post(text)
                #expect(answer.status == .badRequest && answer.error == "invalid_client_metadata", "\(text.prefix(40))")
            }
            let large = try await post("{\(redirects),\"a\":\"" + String(repeating: "x", count: 70_000) + "\"}")
            #expect(large.status == .contentTooLarge)
            let form = try await post(String(decoding: valid, as: UTF8.self), "application/x-www-form-urlencoded")
            #expect(form.status == .badRequest)
            #expect(try await h.dynamicClients().isEmpty)
        }
    }

    @Test func `nothing is fetched at registration`() async throws {
        try await DocumentScene.play { scene in
            let host = "https://\(DocumentHost.name)"
            let answer = try await scene.h.register(
                Harness.registration([
                    "jwks_uri": .string(host + "/jwks"), "logo_uri": .string(host + "/logo.png"),
                    "client_uri": .string(host + "/"), "policy_uri": .string(host + "/p"),
                    "sector_identifier_uri": .string(host + "/s"), "request_uris": [.string(host + "/r")],
                ]))
            #expect(answer.status == .created)
            #expect(scene.host.fetches == 0)
        }
    }

    @Test func `a blocked client cannot register its way back`() async throws {
        try await Harness.run { h in
            let id = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            let tokens = try await h.tokens(of: id)
            try await h.gatehouse.store.write { transaction in
                try transaction.clientRules.set(ClientRule(.client(ClientID(id)), .block, createdAt: h.clock.now))
            }
            #expect(try await h.refresh(tokens, by: id).status == .unauthorized)
            #expect(try await h.register(Harness.registration()).json["client_id"]?.string == id)
            let page = try await h.consentPage(
                h.browser(), h.request(["client_id": id, "redirect_uri": Harness.loopback]))
            #expect(page.status == .badRequest && page.input("token") == nil)
            #expect(try await h.introspect(tokens.access)["active"]?.bool == false)
            #expect(try await h.sessions().count == 1)
        }
    }

    @Test func `a policy on client hosts ends the sessions of a client that registered itself, and admits it no more`()
        async throws
    {
        try await Harness.run { h in
            let id = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            let tokens = try await h.tokens(of: id)
            let registered = try await h.tokens()
            let browser = h.browser()
            let request = h.request(["client_id": id, "redirect_uri": Harness.loopback])
            let open = try await h.consentPage(browser, request)
            let answer = try await h.policy(SessionPolicyChange(clientHosts: ["desk.example"]))
            #expect(answer.note?.contains("1 session") == true)
            let ended = try await h.sessions().filter { $0.state == .ended }
            #expect(ended.map(\.clientID.string) == [id] && ended.map(\.endReason) == [.hostExcluded])
            #expect(try await h.refresh(tokens, by: id).error == "invalid_grant")
            #expect(try await h.refresh(registered.refresh).status == .ok, "an administrator registered this one")
            #expect(try await h.decide(browser, at: open).continuation == nil, "the page was open meanwhile")
            let refused = try await h.authorize(browser, request)
            let back = refused.continuation ?? refused.headers[.location] ?? ""
            #expect(back.contains("error=invalid_target"), "\(refused.status): \(refused.text.prefix(200))")
        }
    }

    @Test func `clients that registered a moment ago give way to nobody, and the next one has to wait`() async throws {
        try await Harness.run { h in
            for number in 0..<200 {
                _ = try await h.register(Harness.registration(["client_name": .string("f\(number)")]))
            }
            let answer = try await h.register(Harness.registration(["client_name": "late"]))
            #expect(answer.status == .tooManyRequests && answer.headers[.retryAfter] == "900")
            #expect(try await h.register(Harness.registration(["client_name": "f0"])).status == .created)
            #expect(try await h.dynamicClients().count == 200)
            h.clock.advance(by: 900)
            #expect(try await h.register(Harness.registration(["client_name": "late"])).status == .created)
            #expect(try await h.dynamicClients().count == 200)
        }
    }

    @Test func `one IPv6 site with 65,536 networks displaces nobody else's client`() async throws {
        try await Harness.run { h in
            let endpoint = h.gatehouse.registration
            func register(_ name: String, from address: String) async throws {
                let body = Harness.registration(["client_name": .string(name)])
                _ = try await endpoint.register(body.bytes, authorization: nil, address: address)
            }
            try await register("victim", from: "2001:db8:ffff::1")
            for number in 0..<1_200 {
                h.clock.advance(by: 2)
                try await register("f\(number)", from: "2001:db8:1:\(String(number, radix: 16))::1")
            }
            let stored = try await h.dynamicClients()
            #expect(stored.count { $0.site == "2001:db8:1::/48" } == 1_000)
            #expect(stored.contains { $0.site == "2001:db8:ffff::/48" } && stored.count == 1_001)
        }
    }

    @Test func `a flood displaces no client that a user approved`() async throws {
        try await Harness.run { h in
            let id = try #require(try await h.register(Harness.registration()).json["client_id"]?.string)
            let tokens = try await h.tokens(of: id)
            for number in 0..<210 {
                h.clock.advance(by: 60)
                _ = try await h.register(Harness.registration(["client_name": .string("f\(number)")]))
            }
            #expect(try await h.dynamicClients().count == 201)
            #expect(try await h.refresh(tokens, by: id).status == .ok)
        }
    }

    @Test func `no answer and no row holds a secret in clear`() async throws {
        try await Harness.run { h in
            let answer = try await h.register(
                Harness.registration(["token_endpoint_auth_method": "client_secret_post"]))
            let secrets = [answer.json["client_secret"]?.string, answer.json["registration_access_token"]?.string]
            let rows = try await h.gatehouse.store.read { transaction in
                try transaction.all("SELECT quote(metadata) || id || network FROM dynamic_clients") { try $0.text(0) }
            }.joined()
            for secret in secrets {
                let secret = try #require(secret)
                #expect(!rows.contains(secret))
            }
            let read = try await h.manage(
                .get, "/register/" + (answer.json["client_id"]?.string ?? ""),
                bearer: answer.json["registration_access_token"]?.string)
            #expect(read.status == .ok && read.json["client_secret"] == nil)
        }
    }
}
