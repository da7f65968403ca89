import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import NIOCore
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Trace ids from request to record")
struct AuditTraceTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"

    /// Has a token refreshed under these fields and returns the trace of the record that it left.
    private static func refresh(_ h: Harness, _ fields: [String]) async throws -> String? {
        let name = try #require(HTTPField.Name("traceparent"))
        var headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        for field in fields { headers.append(HTTPField(name: name, value: field)) }
        let tokens = try await h.tokens()
        let form = FormText.encode([
            ("grant_type", "refresh_token"), ("client_id", h.registered.id.string),
            ("refresh_token", tokens.refresh ?? ""), ("resource", h.resource.identifier.string),
        ])
        let answer = try await h.client.execute(
            uri: "/token", method: .post, headers: headers, body: ByteBuffer(string: form))
        #expect(answer.status == .ok)
        let record = try await h.gatehouse.store.read { try $0.audit.tail(limit: 1) }.first
        #expect(record?.entry.action == .tokenRefreshed)
        return record?.entry.trace?.string
    }

    @Test func `§3.2 a request's trace id stands in its audit record and in its log line`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let trace = try await Self.refresh(h, ["00-\(Self.id)-00f067aa0ba902b7-01"])
            #expect(trace == Self.id)
            let lines = log.lines.filter { $0.contains("trace=\(Self.id)") }
            #expect(lines.count == 1 && lines[0].contains("route=/token"))
        }
    }

    @Test func `§3.2 without a valid trace id each request gets one of its own`() async throws {
        try await Harness.run { h in
            let field = "00-\(Self.id)-00f067aa0ba902b7-01"
            var seen: Set<String> = []
            for fields in [
                [], ["nonsense"], [field, field], ["00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01"],
            ] {
                let trace = try #require(try await Self.refresh(h, fields))
                #expect(TraceID(trace) != nil && trace != Self.id)
                seen.insert(trace)
            }
            #expect(seen.count == 4)
        }
    }

    @Test func `a sign-in leaves where it came from beside the chain`() async throws {
        try await Harness.run { h in
            _ = try await h.tokens()
            let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 50) }
            let signIn = try #require(records.first { $0.entry.action == .personSignedIn })
            #expect(signIn.entry.trace != nil)
            #expect(signIn.fields.map(\.name) == (signIn.entry.address == nil ? [] : [.address]))
            #expect(try await h.gatehouse.store.read { try $0.audit.verify() }.defects == [])
        }
    }
}
