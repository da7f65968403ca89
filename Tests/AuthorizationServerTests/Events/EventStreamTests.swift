import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("An endpoint receives events only after its verification")
struct EventStreamTests {
    private func stream(_ stage: EventStage, _ resource: Resource) async throws -> EventStream? {
        try await stage.store.read { try $0.eventStreams.find(of: resource.id) }
    }

    @Test func `events wait until the state is returned with the MCP server's credentials`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            let ids = try await stage.queue(3, for: resource)
            await stage.deliverer.deliverDue()
            #expect(receiver.claims.count == 1 && receiver.ids.isEmpty)
            let state = try #require(receiver.state)
            #expect(Base64URL.decode(state)?.count == 32)
            #expect(receiver.claims[0]["sub_id"] == ["format": "opaque", "id": .string(resource.id.string)])
            let stored = try #require(try await stream(stage, resource))
            #expect(stored.state == .unverified && stored.verifiedAt == nil)
            try await stage.verify(resource, state)
            await stage.deliverer.deliverDue()
            #expect(Set(receiver.ids) == Set(ids))
            #expect(try await stage.states(ids) == [.delivered, .delivered, .delivered])
            // What is sent twice may come back twice.
            try await stage.verify(resource, state)
            #expect(try await stream(stage, resource)?.state == .active)
            try await receiver.stop()
        }
    }

    @Test func `a shutdown before the first look at the events logs nothing`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            try await stage.queue(for: resource)
            let before = stage.log.lines
            let stopped = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await stage.deliverer.run()
            }
            _ = await stopped.result
            #expect(stage.log.lines == before)
            #expect(receiver.claims.isEmpty)
            try await receiver.stop()
        }
    }

    @Test func `a wrong, foreign, replaced or given up state activates no endpoint`() async throws {
        try await EventStage.run { stage in
            let (one, two) = (try await Receiver(), try await Receiver())
            let mine = try await stage.resource("mine", endpoint: one.endpoint)
            let other = try await stage.resource("other", endpoint: two.endpoint)
            await stage.deliverer.deliverDue()
            let state = try #require(one.state)
            #expect(two.state != state)
            for wrong in [nil, "", "x", two.state, state + "A", String(state.dropLast())] {
                await #expect(throws: OAuthError.self) { try await stage.verify(mine, wrong) }
            }
            await #expect(throws: OAuthError.self) { try await stage.verify(other, state) }
            #expect(try await stream(stage, mine)?.state == .unverified)
            #expect(try await stream(stage, other)?.state == .unverified)
            #expect(try await stream(stage, mine)?.verifiedAt == nil)
            for pause in DeliverySchedule.pauses { await stage.later(by: pause) }
            #expect(try await stage.verification(of: mine)?.state == .dead)
            await #expect(throws: OAuthError.self) { try await stage.verify(mine, state) }
            #expect(try await stream(stage, mine)?.state == .disabled)
            try await stage.askForVerification(of: mine)
            await #expect(throws: OAuthError.self) { try await stage.verify(mine, state) }
            #expect(try await stream(stage, mine)?.state == .unverified)
            try await one.stop()
            try await two.stop()
        }
    }

    @Test func `an event whose state does not come back is repeated on the schedule, and given up after three days`()
        async throws
    {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            let resource = try await stage.resource("a", endpoint: receiver.endpoint)
            await stage.deliverer.deliverDue()
            for pause in DeliverySchedule.pauses { await stage.later(by: pause) }
            let asked = receiver.claims
            #expect(asked.count == 13)
            #expect(Set(asked).count == 1)
            let given = try #require(try await stage.verification(of: resource))
            #expect(given.state == .dead && given.attempts == 13 && given.lastError == "state not returned")
            #expect(try await stream(stage, resource)?.state == .disabled)
            await stage.later(by: 1_000_000)
            #expect(receiver.claims.count == 13)
            #expect(stage.notices == ["error=state not returned resource=\(resource.id)"])
            try await receiver.stop()
        }
    }

    @Test func `a changed endpoint must be verified again, and so must one that is set again`() async throws {
        try await EventStage.run { stage in
            let (old, new) = (try await Receiver(), try await Receiver())
            let resource = try await stage.proven("a", old)
            let first = try #require(old.state)
            try await stage.point(resource, at: new)
            let ids = try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            #expect(new.ids.isEmpty && old.ids.isEmpty)
            await #expect(throws: OAuthError.self) { try await stage.verify(resource, first) }
            try await stage.verify(resource, new.state)
            await stage.deliverer.deliverDue()
            #expect(new.ids == ids)
            stage.harness.clock.advance(by: 1)
            try await stage.point(resource, at: new)
            try await stage.queue(for: resource)
            await stage.deliverer.deliverDue()
            #expect(new.ids == ids)
            #expect(old.ids.isEmpty)
            try await old.stop()
            try await new.stop()
        }
    }

    @Test func `the database does not contain the sent value`() async throws {
        try await EventStage.run { stage in
            let receiver = try await Receiver()
            _ = try await stage.proven("a", receiver)
            let state = try #require(receiver.state)
            #expect(!stage.log.lines.contains { $0.contains(state) })
            let folder = stage.harness.folder
            try stage.store.close()
            #expect(try Files.contents(of: folder).allSatisfy { !$0.contains(Array(state.utf8)) })
            try await receiver.stop()
        }
    }
}
