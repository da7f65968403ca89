import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("RFC 8935: events are pushed to endpoints")
struct EventDeliveryTests {
    @Test func `a pushed event is signed, with the id of its row and that MCP server as its audience`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            let ids = try await stage.queue(3, for: resource)
            stage.harness.clock.advance(by: 5)
            await stage.deliverer.deliverDue()
            #expect(Set(receiver.ids) == Set(ids) && receiver.ids.count == 3)
            #expect(try await stage.states(ids) == [.delivered, .delivered, .delivered])
            let keys = stage.harness.gatehouse.keys.verification(.events, at: stage.now.seconds)
            let read = try JWT.verify(
                try #require(receiver.tokens.last), typ: "secevent+jwt", algorithms: [.es256], keys: keys)
            #expect(read.claims["aud"]?.string == "https://a.example/mcp")
            #expect(read.claims["iat"]?.integer == stage.now.seconds - 5)
            await stage.later(by: 100_000)
            #expect(receiver.ids.count == 3)
            try await receiver.stop()
        }
    }

    @Test func `an undelivered event is sent with the same id, thirteen times in three days`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            receiver.answers("503 Service Unavailable", body: "<html>canary-of-the-receiver</html>")
            let ids = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            for (attempt, pause) in DeliverySchedule.pauses.enumerated() {
                #expect(receiver.ids.count == attempt + 1)
                await stage.later(by: pause - 1)
                #expect(receiver.ids.count == attempt + 1, "too early after attempt \(attempt + 1)")
                await stage.later(by: 1)
            }
            #expect(receiver.ids == Array(repeating: ids[0], count: 13))
            let dead = try #require(try await stage.records(ids).first)
            #expect(dead.state == .dead && dead.attempts == 13 && dead.lastStatus == 503 && dead.lastError == nil)
            await stage.later(by: 1_000_000)
            #expect(receiver.ids.count == 13)
            #expect(stage.log.lines.contains { $0.hasPrefix("warning an event is given up") && $0.contains(ids[0]) })
            #expect(!stage.log.lines.contains { $0.contains("canary") })
            receiver.answers("202 Accepted")
            #expect(try await stage.retry(ids[0]))
            await stage.deliverer.deliverDue()
            #expect(receiver.ids.count == 14 && receiver.ids[13] == ids[0])
            #expect(try await stage.states(ids) == [.delivered])
            #expect(try await !stage.retry(ids[0]))
            try await receiver.stop()
        }
    }

    @Test func `a permanent error ends the attempts, and a retryable one does not`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            receiver.answers("400 Bad Request", body: #"{"err":"invalid_audience","description":"canary"}"#)
            let refused = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            let dead = try #require(try await stage.records(refused).first)
            #expect(dead.state == .dead && dead.lastStatus == 400 && dead.lastError == "invalid_audience")
            receiver.answers("400 Bad Request", body: #"{"err":"invalid_key"}"#)
            let later = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            #expect(try await stage.states(later) == [.waiting])
            receiver.answers("202 Accepted")
            await stage.later(by: 1)
            #expect(try await stage.states(later) == [.delivered])
            #expect(receiver.ids == refused + later + later)
            #expect(!stage.log.lines.contains { $0.contains("canary") })
            try await receiver.stop()
        }
    }

    @Test func `410 disables an endpoint, and its events wait for the next endpoint`() async throws {
        try await EventStage.run { stage in
            let (old, new) = (try await Receiver(), try await Receiver())
            let resource = try await stage.proven("a", old)
            old.answers("410 Gone")
            let ids = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            await stage.later(by: 90_000)
            #expect(stage.notices == ["resource=\(resource.id) status=410"])
            #expect(old.ids == ids)
            #expect(try await stage.states(ids) == [.waiting])
            #expect(try await stage.store.read { try $0.eventStreams.find(of: resource.id) }?.state == .disabled)
            let listed = try await stage.list()
            #expect(listed.rows.first?["next_attempt_at"] == .null)
            #expect(listed.note?.contains("https://a.example/mcp") == true, "\(listed.note ?? "no note")")
            try await stage.point(resource, at: new)
            await stage.deliverer.deliverDue()
            #expect(new.ids.isEmpty)
            try await stage.verify(resource, new.state)
            await stage.deliverer.deliverDue()
            #expect(new.ids == ids && old.ids == ids)
            try await old.stop()
            try await new.stop()
        }
    }

    @Test func `410 to several events at once, or to the verification event, is logged once`() async throws {
        try await EventStage.run { stage in
            let (many, first) = (try await Receiver(), try await Receiver())
            let resource = try await stage.proven("a", many)
            many.answers("410 Gone")
            let ids = try await stage.queue(20, for: resource)
            await stage.deliverer.deliverDue()
            #expect(Set(many.ids).isSubset(of: ids))
            #expect(stage.notices == ["resource=\(resource.id) status=410"])
            first.answers("410 Gone")
            let other = try await stage.resource("b", endpoint: first.endpoint)
            await stage.deliverer.deliverDue()
            #expect(stage.notices == ["resource=\(resource.id) status=410", "resource=\(other.id) status=410"])
            #expect(!stage.log.lines.contains { $0.contains("/events") })
            try await many.stop()
            try await first.stop()
        }
    }

    @Test func `a failing endpoint gets one probe at a time, and all waiting events after its recovery`()
        async throws
    {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            receiver.answers("503 Service Unavailable", "Retry-After: 30")
            let ids = try await stage.queue(40, for: resource)
            await stage.deliverer.deliverDue()
            #expect(receiver.ids.count == 4)
            await stage.later(by: 29)
            #expect(receiver.ids.count == 4)
            await stage.later(by: 1)
            #expect(receiver.ids.count == 5)
            receiver.answers("202 Accepted")
            await stage.later(by: 30)
            #expect(try await stage.states(ids).allSatisfy { $0 == .delivered })
            #expect(Set(receiver.ids) == Set(ids))
            #expect(receiver.ids.count == 45)
            try await receiver.stop()
        }
    }

    @Test func `the pause of an endpoint does not apply to the next endpoint, nor to the same one set again`()
        async throws
    {
        try await EventStage.run { stage in
            let (old, new) = (try await Receiver(), try await Receiver())
            let resource = try await stage.proven("a", old)
            let ids = try await stage.queue(for: resource)
            for receiver in [old, new] {
                receiver.answers("503 Service Unavailable", "Retry-After: 3600")
                await stage.deliverer.deliverDue()
                #expect(receiver.ids == ids)
                new.answers("202 Accepted")
                let asked = new.claims.count
                try await stage.point(resource, at: new)
                await stage.deliverer.deliverDue()
                #expect(new.claims.count == asked + 1, "asked to show itself at once")
                try await stage.verify(resource, new.state)
            }
            await stage.deliverer.deliverDue()
            #expect(old.ids == ids && new.ids == ids + ids)
            #expect(try await stage.states(ids) == [.delivered])
            try await old.stop()
            try await new.stop()
        }
    }

    @Test func `an event that fails on its own keeps its schedule and delays no other`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            let sour = try await stage.queue(for: resource)
            receiver.answers("503 Service Unavailable", to: sour[0])
            await stage.deliverer.deliverDue()
            var others: [String] = []
            for _ in 0..<40 {
                others += try await stage.queue(for: resource)
                await stage.later(by: 1)
            }
            #expect(try await stage.states(others).allSatisfy { $0 == .delivered })
            let kept = try #require(try await stage.records(sour).first)
            #expect(kept.state == .waiting && kept.attempts <= 6, "\(kept.attempts) attempts in 40 seconds")
            try await receiver.stop()
        }
    }

    @Test func `a shutdown aborts running requests without counting an attempt`() async throws {
        try await EventStage.run(deadline: 3_600_000) { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            receiver.isSilent()
            let service = Task { try await stage.deliverer.run() }
            let ids = try await stage.queue(for: resource)
            await eventually { receiver.ids == ids }
            service.cancel()
            try await service.value
            let left = try #require(try await stage.records(ids).first)
            #expect(left.state == .waiting && left.attempts == 0 && left.dueAt == stage.now)
            try await receiver.stop()
        }
    }

    @Test func `a receiver that never answers delays no other receiver`() async throws {
        try await EventStage.run(deadline: 3_600_000) { stage in
            let (dead, alive) = (try await Receiver(), try await Receiver())
            let silent = try await stage.proven("silent", dead)
            let other = try await stage.proven("other", alive)
            dead.isSilent()
            let service = Task { try await stage.deliverer.run() }
            let stuck = try await stage.queue(50, for: silent)
            await eventually { dead.ids.count == 4 }
            var ids: [String] = []
            for _ in 0..<30 {
                ids += try await stage.queue(for: other)
                let count = ids.count
                await eventually { alive.ids.count == count }
            }
            #expect(Set(alive.ids) == Set(ids) && alive.ids.count == 30)
            #expect(dead.ids.count == 4)
            #expect(try await stage.states(stuck).allSatisfy { $0 == .waiting })
            service.cancel()
            try await dead.stop()
            try await alive.stop()
        }
    }

    @Test func `a redirect is not followed, and the event stays in the queue`() async throws {
        try await EventStage.run { stage in
            let (receiver, elsewhere) = (try await Receiver(), try await Receiver())
            let resource = try await stage.proven("a", receiver)
            receiver.answers("307 Temporary Redirect", "Location: \(elsewhere.endpoint)")
            let ids = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            #expect(elsewhere.tokens.isEmpty && receiver.ids == ids)
            #expect(try await stage.records(ids).first?.lastStatus == 307)
            #expect(try await stage.states(ids) == [.waiting])
            try await receiver.stop()
            try await elsewhere.stop()
        }
    }
}
