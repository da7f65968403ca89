import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The log of failing events endpoints")
struct EventLogTests {
    private func lines(_ stage: EventStage, _ message: String) -> [String] {
        stage.log.lines.filter { $0.hasPrefix("info \(message) ") }
    }

    @Test func `undelivered events are logged once a minute, with MCP server and status and without the address`()
        async throws
    {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            receiver.answers("500 Oops", body: "canary-of-the-receiver")
            for _ in 0..<5 { try await stage.queue(for: resource) }
            await stage.deliverer.deliverDue()
            let first = lines(stage, "an event was not delivered")
            try #require(first.count == 1)
            #expect(first[0].contains("resource=\(resource.id)") && first[0].contains("status=500"))
            #expect(first[0].contains("reference=") && !first[0].contains("repeated="))
            stage.harness.clock.advance(by: 60)
            stage.harness.gatehouse.refusals.flush()
            let all = lines(stage, "an event was not delivered")
            #expect(all.count == 2 && all[1].contains("repeated="))
            #expect(!stage.log.lines.contains { $0.contains("canary") || $0.contains(receiver.endpoint) })
            try await receiver.stop()
        }
    }

    @Test func `an endpoint that refuses its verification is logged`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            receiver.answers("403 Forbidden")
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            await stage.deliverer.deliverDue()
            let told = lines(stage, "an events endpoint did not accept its verification")
            try #require(told.count == 1)
            #expect(told[0].contains("resource=\(resource.id)") && told[0].contains("status=403"))
            try await receiver.stop()
        }
    }
}
