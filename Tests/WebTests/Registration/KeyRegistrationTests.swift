import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@Suite("RFC 7591 §2 Clients that register themselves with a key")
struct KeyRegistrationTests {
    private static let refresh = [("grant_type", "refresh_token"), ("refresh_token", "foreign")]

    @Test func `a client registers its key, gets no secret, and authenticates with the key alone`() async throws {
        try await Harness.run { h in
            let key = AssertionKey()
            let answer = try await h.register(
                Harness.registration(["token_endpoint_auth_method": "private_key_jwt", "jwks": .object(key.set)]))
            #expect(answer.status == .created)
            #expect(answer.json["token_endpoint_auth_method"] == "private_key_jwt")
            #expect(answer.json["client_secret"] == nil)
            #expect(answer.json["jwks"]?.object?["keys"]?.array?.count == 1)
            let id = try #require(answer.json["client_id"]?.string)
            let proof = try key.form(of: id, now: h.clock.now)
            #expect(try await h.send("/token", Self.refresh + proof).error == "invalid_grant")
            #expect(try await h.send("/token", Self.refresh + proof).error == "invalid_client", "a second time")
            #expect(try await h.send("/token", Self.refresh + [("client_id", id)]).error == "invalid_client")
            let stranger = try AssertionKey().form(of: id, now: h.clock.now, header: ["kid": nil])
            #expect(try await h.send("/token", Self.refresh + stranger).error == "invalid_client")
        }
    }

    @Test func `a client that names the key without one is refused, and one with another method gets that`()
        async throws
    {
        try await Harness.run { h in
            for members: JSONObject in [[:], ["jwks": ["keys": []]], ["jwks": ["keys": [["kty": "EC"]]]]] {
                var registration = Harness.registration(["token_endpoint_auth_method": "private_key_jwt"])
                for (name, value) in members.members { registration[name] = value }
                #expect(try await h.register(registration).error == "invalid_client_metadata", "\(members)")
            }
            let both = try await h.register(
                Harness.registration([
                    "token_endpoint_auth_method": nil,
                    "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
                ]))
            #expect(both.json["token_endpoint_auth_method"] == "none")
            let unused = try await h.register(Harness.registration(["jwks": .object(AssertionKey().set)]))
            #expect(unused.status == .created && unused.json["jwks"] == nil, "a key that is not used is not kept")
            let without = try await h.register(Harness.registration())
            #expect(unused.json["client_id"] == without.json["client_id"])
        }
    }

    @Test
    func
        `RFC 7592 §2.2 an update with a new key but without the method replaces the key, and one without a key keeps it`()
        async throws
    {
        try await Harness.run { h in
            let (first, second) = (AssertionKey(), AssertionKey())
            let answer = try await h.register(
                Harness.registration(["token_endpoint_auth_method": "private_key_jwt", "jwks": .object(first.set)]))
            let id = try #require(answer.json["client_id"]?.string)
            // Each update replaces the token too.
            var token = try #require(answer.json["registration_access_token"]?.string)
            func update(_ members: JSONObject) async throws {
                var update = Harness.registration(["client_id": .string(id), "token_endpoint_auth_method": nil])
                for (name, value) in members.members { update[name] = value }
                let answer = try await h.manage(.put, "/register/" + id, update, bearer: token)
                #expect(answer.status == .ok)
                token = answer.json["registration_access_token"]?.string ?? ""
            }
            func error(of key: AssertionKey) async throws -> String? {
                try await h.send("/token", Self.refresh + key.form(of: id, now: h.clock.now)).error
            }
            try await update([:])
            #expect(try await error(of: first) == "invalid_grant", "an update without a key keeps the key")
            try await update(["jwks": .object(second.set)])
            #expect(try await error(of: first) == "invalid_client")
            #expect(try await error(of: second) == "invalid_grant")
        }
    }
}
