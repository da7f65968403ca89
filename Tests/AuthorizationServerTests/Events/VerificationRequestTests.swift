import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("A verification event is sent when the MCP server or an administrator asks for it")
struct VerificationRequestTests {
    private func stream(_ stage: EventStage, _ resource: Resource) async throws -> EventStream? {
        try await stage.store.read { try $0.eventStreams.find(of: resource.id) }
    }

    private func administer(_ stage: EventStage, _ request: EventRequest) async throws -> AdministrationAnswer {
        try await Administration(store: stage.store, keys: nil, clock: stage.harness.clock.wall)
            .run(.events(request), by: Administrator(uid: 1000, claimed: nil))
    }

    private func records(_ stage: EventStage) async throws -> [AuditEntry] {
        try await stage.harness.records(.eventVerificationRequested)
    }

    @Test func `an endpoint that starts after its first attempts is verified as soon as it asks`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            receiver.answers("503 Service Unavailable", "Retry-After: 3600")
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            for pause in [0, 1, 3, 8, 20] { await stage.later(by: Int64(pause)) }
            let tries = receiver.claims.count
            await stage.later(by: 60)
            #expect(receiver.claims.count == tries)
            receiver.answers("202 Accepted")
            try await stage.askForVerification(of: resource)
            await stage.deliverer.deliverDue()
            #expect(receiver.claims.count == tries + 1)
            // The event that waited is sent, not a second one.
            #expect(Set(receiver.claims.map { $0["jti"] }).count == 1)
            try await stage.verify(resource, receiver.state)
            #expect(try await stream(stage, resource)?.state == .active)
            #expect(try await stage.verification(of: resource)?.state == .delivered)
            #expect(try await records(stage).isEmpty)
            try await receiver.stop()
        }
    }

    @Test func `an active endpoint that asks gets a new event and stays active`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            let (first, since) = (receiver.state, try await stream(stage, resource)?.verifiedAt)
            stage.harness.clock.advance(by: 5)
            try await stage.askForVerification(of: resource)
            let ids = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            #expect(receiver.state != first)
            #expect(receiver.ids == ids)
            #expect(try await stream(stage, resource)?.state == .active)
            await #expect(throws: OAuthError.self) { try await stage.verify(resource, first) }
            try await stage.verify(resource, receiver.state)
            #expect(try await stage.verification(of: resource)?.state == .delivered)
            #expect(try await stream(stage, resource)?.verifiedAt == since)
            try await receiver.stop()
        }
    }

    @Test func `an active endpoint stays active when it never returns the state of a further event`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.proven("a", receiver)
            try await stage.askForVerification(of: resource)
            await stage.deliverer.deliverDue()
            for pause in DeliverySchedule.pauses { await stage.later(by: pause) }
            #expect(try await stage.verification(of: resource)?.state == .dead)
            #expect(try await stream(stage, resource)?.state == .active)
            #expect(stage.notices.isEmpty)
            try await receiver.stop()
        }
    }

    @Test func `a disabled endpoint that asks is verified again, and the record says so`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            receiver.answers("410 Gone")
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            await stage.deliverer.deliverDue()
            await stage.later(by: 1_000_000)
            #expect(receiver.claims.count == 1)
            #expect(try await stream(stage, resource)?.lastStatus == 410)
            receiver.answers("202 Accepted")
            try await stage.askForVerification(of: resource)
            #expect(try await stream(stage, resource)?.state == .unverified)
            let written = try await records(stage)
            #expect(written.map(\.initiator) == [.server] && written[0].resource == resource.id)
            await stage.deliverer.deliverDue()
            try await stage.verify(resource, receiver.state)
            #expect(try await stream(stage, resource)?.state == .active)
            try await receiver.stop()
        }
    }

    @Test func `an MCP server that polls gets the event by a poll, and may return its state`() async throws {
        try await EventStage.run { stage in
            let resource = try await stage.resource("a")
            try await stage.askForVerification(of: resource)
            let answer = try await stage.poll(as: resource)
            let id = try #require(answer.setIDs.first)
            let token = try #require(answer["sets"]?.object?[id]?.string)
            let keys = stage.harness.gatehouse.keys.verification(.events, at: stage.now.seconds)
            let claims = try JWT.verify(token, typ: "secevent+jwt", algorithms: [.es256], keys: keys).claims
            let event = claims["events"]?.object?[SecurityEventType.verification.rawValue]?.object
            let state = try #require(event?["state"]?.string)
            await #expect(throws: OAuthError.self) { try await stage.verify(resource, state + "A") }
            #expect(try await stage.states([id]) == [.waiting])
            try await stage.verify(resource, state)
            #expect(try await stage.states([id]) == [.delivered])
            try await stage.askForVerification(of: resource)
            let second = try await stage.poll(as: resource).setIDs
            #expect(second.count == 1 && second != [id])
            _ = try await stage.poll(["ack": .strings(second)], as: resource)
            #expect(try await stage.states(second) == [.delivered])
        }
    }

    @Test func `an MCP server may ask ten times at once and twice a minute, and the others as often`() async throws {
        try await EventStage.run { stage in
            let (mine, other) = (try await stage.resource("mine"), try await stage.resource("other"))
            let refused = await withTaskGroup(of: OAuthError?.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        do { try await stage.askForVerification(of: mine) } catch { return error as? OAuthError }
                        return nil
                    }
                }
                return await group.reduce(into: [OAuthError]()) { all, error in if let error { all.append(error) } }
            }
            #expect(refused.count == 30)
            #expect(refused.allSatisfy { $0.code == .tooManyRequests && $0.retryAfter == 30 })
            // However often it asks, one event waits.
            #expect(try await stage.list().rows.count == 1)
            try await stage.askForVerification(of: other)
            stage.harness.clock.advance(by: 30)
            try await stage.askForVerification(of: mine)
            await #expect(throws: OAuthError.self) { try await stage.askForVerification(of: mine) }
        }
    }

    @Test func `events list shows a verification event, and events retry sends it again under its id`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            await stage.deliverer.deliverDue()
            let row = try #require(try await stage.list().rows.first)
            let id = try #require(row["id"]?.string)
            #expect(row["type"] == "verification" && row["state"] == "waiting")
            #expect(row["last_error"] == "state not returned" && row["next_attempt_at"] != nil)
            for pause in DeliverySchedule.pauses { await stage.later(by: pause) }
            #expect(try await stream(stage, resource)?.state == .disabled)
            let retried = try await administer(stage, .retry(id)).rows.first
            #expect(retried?["id"]?.string == id && retried?["state"] == "waiting")
            await stage.deliverer.deliverDue()
            #expect(receiver.claims.last?["jti"]?.string == id)
            try await stage.verify(resource, receiver.state)
            #expect(try await stream(stage, resource)?.state == .active)
            let again = await #expect(throws: AdministrationError.self) {
                try await administer(stage, .retry(id))
            }
            #expect(again?.kind == .conflict)
            try await receiver.stop()
        }
    }

    @Test func `an administrator asks in place of the MCP server, and a replaced event is not sent again`() async throws
    {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            await stage.deliverer.deliverDue()
            for pause in DeliverySchedule.pauses { await stage.later(by: pause) }
            let first = try #require(try await stage.verification(of: resource)?.event.id)
            let row = try await administer(stage, .verify("https://a.example/mcp")).rows.first
            #expect(row?["type"] == "verification" && row?["id"]?.string != first.string)
            #expect(try await records(stage).map(\.initiator) == [.human])
            let replaced = await #expect(throws: AdministrationError.self) {
                try await administer(stage, .retry(first.string))
            }
            #expect(replaced?.kind == .conflict)
            #expect(try await stage.states([first.string]) == [.dead])
            await stage.deliverer.deliverDue()
            try await stage.verify(resource, receiver.state)
            #expect(try await stream(stage, resource)?.state == .active)
            let unknown = await #expect(throws: AdministrationError.self) {
                try await administer(stage, .verify("https://nowhere.example/mcp"))
            }
            #expect(unknown?.kind == .notFound)
            try await receiver.stop()
        }
    }

    @Test func `an endpoint that an earlier version left unverified is sent an event`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            let now = stage.now
            _ = try await stage.store.write { try $0.eventStreams.begin(receiver.endpoint, of: resource.id, now: now) }
            await stage.deliverer.deliverDue()
            try await stage.verify(resource, receiver.state)
            #expect(try await stream(stage, resource)?.state == .active)
            try await receiver.stop()
        }
    }
}
