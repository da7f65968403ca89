import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("A replaced secret of an MCP server works until its overlap ends")
struct SecretOverlapTests {
    private func rotate(_ h: Harness, _ overlap: String?) async throws -> (secret: String, row: JSONObject) {
        let request = AdministrationRequest.resources(.rotateSecret(h.resource.id.string, overlap: overlap))
        let row = try #require(try await administer(h, request))
        return (try #require(row["client_secret"]?.string), row)
    }

    private func administer(_ h: Harness, _ request: AdministrationRequest) async throws -> JSONObject? {
        try await Administration(store: h.gatehouse.store, keys: nil, clock: h.clock.wall)
            .run(request, by: Administrator(uid: 1000, claimed: nil)).rows.first
    }

    private func shown(_ h: Harness) async throws -> JSONObject {
        try #require(try await administer(h, .resources(.show(h.resource.id.string))))
    }

    /// The statuses of an introspection and of another endpoint with this secret.
    private func statuses(_ h: Harness, _ secret: String) async throws -> [Int] {
        let basic = (h.resource.id.string, secret)
        let introspected = try await h.send("/introspect", [("token", "x")], basic: basic)
        let status = try await h.client.execute(
            uri: "/events/status", method: .get, headers: [.authorization: Harness.basic(basic.0, basic.1)])
        return [introspected.status.code, status.status.code]
    }

    @Test func `both secrets work until the overlap ends, and then only the new one`() async throws {
        try await Harness.run { h in
            let old = h.resourceSecret.reveal()
            let (new, row) = try await rotate(h, "1h")
            let end = h.clock.now + 3600
            #expect(row["previous_secret_until"]?.string == end.rfc3339)
            #expect(try await statuses(h, old) == [200, 200])
            #expect(try await statuses(h, new) == [200, 200])
            h.clock.advance(by: 3599)
            #expect(try await statuses(h, old) == [200, 200])
            h.clock.advance(by: 1)
            #expect(try await statuses(h, old) == [401, 401])
            #expect(try await statuses(h, new) == [200, 200])
            #expect(try await statuses(h, "wrong") == [401, 401])
        }
    }

    @Test(arguments: [nil, "0", "0s"]) func `without an overlap the old secret is invalid at once`(overlap: String?)
        async throws
    {
        try await Harness.run { h in
            _ = try await rotate(h, "1h")
            let (new, row) = try await rotate(h, overlap)
            #expect(row["previous_secret_until"] == nil)
            #expect(try await statuses(h, h.resourceSecret.reveal()) == [401, 401])
            #expect(try await statuses(h, new) == [200, 200])
            #expect(try await shown(h)["previous_secret_until"] == .null)
        }
    }

    @Test func `a second replacement within the overlap voids the oldest secret`() async throws {
        try await Harness.run { h in
            let (second, _) = try await rotate(h, "1h")
            let (third, _) = try await rotate(h, "2h")
            #expect(try await statuses(h, h.resourceSecret.reveal()) == [401, 401])
            #expect(try await statuses(h, second) == [200, 200])
            #expect(try await statuses(h, third) == [200, 200])
        }
    }

    @Test func `the use of the old secret is logged and shown, and the use of the new one is not`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let (new, _) = try await rotate(h, "1h")
            _ = try await statuses(h, new)
            let id = h.resource.id
            #expect(try await h.gatehouse.store.read { try $0.replacedSecrets.find(of: id) }?.usedAt == nil)
            h.clock.advance(by: 30)
            let used = h.clock.now
            _ = try await statuses(h, h.resourceSecret.reveal())
            await eventually {
                (try? await h.gatehouse.store.read { try $0.replacedSecrets.find(of: id) }?.usedAt) == used
            }
            #expect(try await shown(h)["previous_secret_used_at"]?.string == used.rfc3339)
            let lines = log.lines.filter { $0.contains("replaced secret") }
            #expect(lines.count == 1 && lines[0].contains(id.string))
            #expect(!log.lines.contains { $0.contains(new) || $0.contains(h.resourceSecret.reveal()) })
        }
    }

    @Test(arguments: ["25h", "-1h", "soon", "1", "86401s", ""])
    func `an overlap that is no time of at most a day is refused, and changes nothing`(overlap: String) async throws {
        try await Harness.run { h in
            let error = await #expect(throws: AdministrationError.self) { _ = try await rotate(h, overlap) }
            #expect(error?.kind == .invalid)
            let records = try await h.records(.resourceSecretRotated)
            #expect(records.isEmpty)
            #expect(try await statuses(h, h.resourceSecret.reveal()) == [200, 200])
        }
    }

    @Test func `a removed MCP server authenticates with neither secret`() async throws {
        try await Harness.run { h in
            let (new, _) = try await rotate(h, "24h")
            _ = try await administer(h, .resources(.remove(h.resource.id.string)))
            #expect(try await statuses(h, new) == [401, 401])
            #expect(try await statuses(h, h.resourceSecret.reveal()) == [401, 401])
        }
    }
}
