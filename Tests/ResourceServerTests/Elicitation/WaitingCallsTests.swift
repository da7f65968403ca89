import JOSE
import Testing

@testable import ResourceServer

@Suite("Calls that wait for a user")
struct WaitingCallsTests {
    private func begin(_ scene: ElicitationScene, _ calls: WaitingCalls) async throws -> ElicitationStep {
        try await calls.begin(
            .confirm(scene.action(), message: "m"), in: scene.request(), by: scene.access())
    }

    private func resume(
        _ scene: ElicitationScene, _ calls: WaitingCalls, _ state: String?, _ answer: ClientAnswer? = .accept
    ) async throws -> ElicitationStep {
        try await calls.resume(
            try #require(state), answer: answer, .confirm(scene.action(), message: "m"), in: scene.request(),
            by: scene.access())
    }

    @Test func `creates an elicitation, holds the retried call, and continues when the user has approved`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let asked = try await begin(scene, calls)
            guard case .ask(let url, let state) = asked else { throw asked.surprise }
            #expect(url == "http://127.0.0.1:1/e/eli_1-page")
            scene.fake.change { $0.plan = (ManualClock.start + 10, "completed") }
            let step = try await resume(scene, calls, state)
            #expect(step.approval?.elicitation == "eli_1")
            #expect(scene.fake.read { $0.waits } == ["wait=25"])
            #expect(scene.clock.now == ManualClock.start + 10)
        }
    }

    @Test
    func `a user who takes six minutes: eight rounds, then the link, then the same call finds it`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            scene.fake.change { $0.plan = (ManualClock.start + 360, "completed") }
            var step = try await begin(scene, calls)
            var stateOnly = 0
            while let state = step.state {
                step = try await resume(scene, calls, state, stateOnly == 0 ? .accept : nil)
                if case .wait = step { stateOnly += 1 }
            }
            #expect(stateOnly == 8)
            #expect(step.link == "http://127.0.0.1:1/e/eli_1-page")
            #expect(scene.clock.now < ManualClock.start + 360)
            scene.clock.advance(360)
            #expect(try await begin(scene, calls).approval?.elicitation == "eli_1")
            #expect(scene.fake.read { $0.entries.count } == 1)
        }
    }

    @Test func `a decline on the page ends the call, whatever the client said`() async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try await begin(scene, calls).state
            scene.fake.act("declined")
            #expect(try await resume(scene, calls, state).refusal?.contains("declined") == true)
            #expect(scene.fake.read { $0.entries.count } == 1, "nobody is asked again")
        }
    }

    @Test(arguments: [ClientAnswer.decline, .cancel])
    func `a client that opens no link ends the call and cancels the elicitation`(answer: ClientAnswer) async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try await begin(scene, calls).state
            #expect(try await resume(scene, calls, state, answer).refusal != nil)
            #expect(scene.fake.read { $0.entries.map(\.status) } == ["cancelled"])
            #expect(scene.fake.read { $0.waits }.isEmpty)
        }
    }

    @Test func `an approval that precedes the cancellation is spent, so that no later call uses it`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try await begin(scene, calls).state
            scene.fake.act("completed")
            #expect(
                try await resume(scene, calls, state, .cancel).refusal?.contains("nothing was done") == true)
            #expect(scene.fake.read { $0.entries.map(\.isCollected) } == [true])
            #expect(try await begin(scene, calls).approval == nil)
        }
    }

    @Test(arguments: ["expired", "cancelled", "failed"])
    func `every other final state is its own refusal`(status: String) async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try await begin(scene, calls).state
            scene.fake.act(status)
            #expect(try await resume(scene, calls, state).refusal?.contains("nothing was done") == true)
        }
    }

    @Test func `a state presented twice waits twice, and the approval is spent once`() async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try await begin(scene, calls).state
            scene.fake.act("completed")
            #expect(try await resume(scene, calls, state).approval != nil)
            #expect(scene.fake.read { $0.entries.first?.claim?.utf8.count } == 22, "it is spent for this call alone")
            #expect(try await resume(scene, calls, state).refusal?.contains("used before") == true)
        }
    }

    @Test func `a state of another user or call is refused without a request`() async throws {
        try await ElicitationScene.play { scene in
            let calls = scene.calls()
            let state = try #require(try await begin(scene, calls).state)
            scene.fake.act("completed")
            let mallory = try await scene.access("u", subject: "sub_2")
            let stolen = await fault {
                try await calls.resume(
                    state, answer: .accept, .confirm(try scene.action(), message: "m"), in: scene.request(), by: mallory
                )
            }
            #expect(stolen?.kind == .invalidRequestState)
            let other = await fault {
                try await calls.resume(
                    state, answer: .accept, .confirm(try scene.action("b.txt"), message: "m"),
                    in: scene.request("b.txt"),
                    by: try await scene.access())
            }
            #expect(other?.kind == .invalidRequestState)
            #expect(scene.fake.read { !$0.entries.contains(where: \.isCollected) })
        }
    }

    @Test func `a differing digest of the authorization server stops the call`() async throws {
        try await ElicitationScene.play { scene in
            let body = #"""
                {"id":"e","status":"pending","version":1,"expires_at":"2027-01-15T08:15:00Z","url":"u","digest":"AAAA"}
                """#
            let access = try await scene.access()
            scene.fake.change { $0.failure = (201, body) }
            let found = await fault {
                try await scene.calls().begin(
                    .confirm(try scene.action(), message: "m"), in: scene.request(), by: access)
            }
            #expect(found?.kind == .unavailable)
        }
    }

    @Test func `with pushed events a held call sends no requests until the event wakes it`() async throws {
        try await ElicitationScene.play { scene in
            let receiver = EventReceiver(scene.elicitations, sleep: { _ in await Gate().wait() })
            let calls = scene.calls(receiver)
            let state = try await begin(scene, calls).state
            async let step = resume(scene, calls, state)
            while receiver.waiting == 0 { await Task.yield() }
            scene.fake.act("completed")
            let event = try scene.event("completed")
            #expect(await receiver.receive(Array(event.utf8), contentType: "application/secevent+jwt").status == 202)
            #expect(try await step.approval != nil)
            #expect(scene.fake.read { $0.waits }.isEmpty)
            #expect(receiver.waiting == 0)
        }
    }

    @Test func `an event alone approves nothing: the status is requested before the call continues`() async throws {
        try await ElicitationScene.play { scene in
            let receiver = EventReceiver(scene.elicitations, sleep: { _ in await Gate().wait() })
            let calls = scene.calls(receiver)
            let state = try await begin(scene, calls).state
            async let step = resume(scene, calls, state)
            while receiver.waiting == 0 { await Task.yield() }
            let event = try scene.event("completed")
            _ = await receiver.receive(Array(event.utf8), contentType: "application/secevent+jwt")
            guard case .wait = try await step else { throw try await step.surprise }
            #expect(scene.fake.read { !$0.entries.contains(where: \.isCollected) })
        }
    }

    @Test func `a call is held no longer than its limit, with or without pushed events`() async throws {
        try await ElicitationScene.play { scene in
            let receiver = EventReceiver(scene.elicitations, sleep: { _ in })
            let calls = scene.calls(receiver)
            let state = try await begin(scene, calls).state
            guard case .wait = try await resume(scene, calls, state) else {
                Issue.record("the call should come back")
                return
            }
            #expect(receiver.waiting == 0)
        }
    }
}

/// Never opens; waiters return when they are cancelled.
struct Gate {
    func wait() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }
}

extension ElicitationStep {
    struct Surprise: Error {
        let step: ElicitationStep
    }

    var surprise: Surprise { Surprise(step: self) }
}
