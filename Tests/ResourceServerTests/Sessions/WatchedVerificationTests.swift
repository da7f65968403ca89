import JOSE
import Testing

@testable import ResourceServer

@Suite("Tokens verified locally with events of ended sessions")
struct WatchedVerificationTests {
    @Test func `a token is accepted without introspection and refused as soon as its session has ended`()
        async throws
    {
        try await SessionScene.play { (scene) async throws in
            let (token, other) = (try scene.token(), try scene.token("ses_2"))
            #expect(await scene.refused(token) == nil)
            #expect(try await scene.push(scene.revoked()).status == 202)
            #expect(await scene.refused(token) == .invalidToken)
            #expect(await scene.refused(other) == nil)
            #expect(scene.questions == 0)
            scene.clock.advance(590)
            #expect(await scene.refused(token) == .invalidToken)
        }
    }

    @Test func `a token that may predate the reception of events is introspected`() async throws {
        try await SessionScene.play { (scene) async throws in
            #expect(try await scene.refused(scene.token(age: 59)) == nil)
            #expect(scene.questions == 0)
            #expect(try await scene.refused(scene.token(age: 60)) == nil)
            #expect(try await scene.refused(scene.token(age: 300, isLive: false)) == .invalidToken)
            #expect(scene.questions == 2)
        }
    }

    /// Stream statuses that must not be trusted.
    private static let unreliable: [JSONObject?] = [
        nil, [:], ["delivery": "push", "status": "paused"], ["delivery": "push", "status": "disabled"],
        ["delivery": "poll", "status": "enabled"],
        ["delivery": "push", "status": "enabled", "since": .integer(ManualClock.start + 120)],
        ["delivery": "push", "status": "enabled", "since": 0, "waiting_since": .integer(ManualClock.start + 110)],
        ["delivery": "push", "status": "enabled", "since": .integer(.max)],
        ["delivery": "push", "status": "enabled", "since": .integer(.min), "waiting_since": .integer(.min)],
    ]

    @Test(arguments: unreliable)
    func `without arriving events every token is introspected`(status: JSONObject?) async throws {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.status = status }
            #expect(try await scene.refused(scene.token()) == nil)
            #expect(try await scene.refused(scene.token("ses_2", isLive: false)) == .invalidToken)
            #expect(scene.questions == 2)
            scene.server.change { $0.isDown = true }
            #expect(try await scene.refused(scene.token("ses_3")) == .unavailable)
        }
    }

    @Test func `an event that waits for a few seconds counts as arriving`() async throws {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.status?["waiting_since"] = .integer(scene.clock.now - 9) }
            #expect(try await scene.refused(scene.token()) == nil)
            #expect(scene.questions == 0)
        }
    }

    @Test func `the event status is requested twice a minute, and an old one serves for 30 more seconds`()
        async throws
    {
        try await SessionScene.play { (scene) async throws in
            for _ in 0..<3 { #expect(try await scene.refused(scene.token()) == nil) }
            #expect(scene.stream.read { $0.asked } == 1)
            scene.clock.advance(29)
            #expect(try await scene.refused(scene.token()) == nil)
            #expect(scene.stream.read { $0.asked } == 1)
            scene.stream.change { $0.status = nil }
            scene.clock.advance(1)
            #expect(try await scene.refused(scene.token()) == nil)
            #expect(scene.stream.read { $0.asked } == 2 && scene.questions == 0)
            scene.clock.advance(30)
            #expect(try await scene.refused(scene.token()) == nil)
            #expect(scene.questions == 1)
        }
    }

    @Test func `beyond the limit no end is lost: earlier tokens are introspected`() async throws {
        try await SessionScene.play(remembering: 2) { (scene) async throws in
            for index in 1...3 {
                #expect(try await scene.push(scene.revoked("ses_\(index)")).status == 202)
            }
            for index in 1...3 {
                #expect(try await scene.refused(scene.token("ses_\(index)", isLive: false)) == .invalidToken)
            }
            #expect(try await scene.refused(scene.token("ses_9")) == nil)
            #expect(scene.questions == 4)
            scene.clock.advance(61)
            #expect(try await scene.refused(scene.token("ses_9")) == nil)
            #expect(scene.questions == 4)
        }
    }

    @Test func `an end without a session makes every earlier token introspected`() async throws {
        try await SessionScene.play { (scene) async throws in
            let user: JSONObject = ["format": "iss_sub", "iss": .string(scene.server.issuer), "sub": "sub_1"]
            let event = try scene.revoked("ses_1", ["sub_id": ["format": "complex", "user": .object(user)]])
            #expect(await scene.push(event).status == 202)
            #expect(try await scene.refused(scene.token(isLive: false)) == .invalidToken)
            #expect(scene.questions == 1)
        }
    }

    @Test func `polled events count like pushed ones as long as polls are answered`() async throws {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.status = ["delivery": "poll", "status": "enabled"] }
            let token = try scene.token()
            let event = try scene.revoked()
            scene.stream.change { $0.sets = [("evt_ses_1", event), ("evt_bad", "nonsense")] }
            let polling = Task { await scene.receiver.poll() }
            while scene.stream.read({ !$0.sets.isEmpty || $0.polls.count < 3 }) { await Task.yield() }
            polling.cancel()
            await polling.value
            let polls = scene.stream.read { $0.polls }
            #expect(polls[0]["returnImmediately"] == true && polls[1]["returnImmediately"] == false)
            #expect(polls[1]["ack"] == ["evt_ses_1"])
            #expect(polls[1]["setErrs"]?.object?["evt_bad"]?.object?["err"] == "invalid_request")
            #expect(await scene.refused(token) == .invalidToken)
            #expect(scene.questions == 0)
            scene.clock.advance(61)
            scene.receiver.coverage.polled(at: scene.clock.now)
            scene.clock.advance(44)
            #expect(try await scene.refused(scene.token("ses_2")) == nil)
            #expect(scene.questions == 0)
            scene.clock.advance(1)
            #expect(try await scene.refused(scene.token("ses_2")) == nil)
            #expect(scene.questions == 1)
            scene.clock.advance(86_400)
            scene.receiver.coverage.polled(at: scene.clock.now)
            #expect(try await scene.refused(scene.token("ses_2")) == nil)
            #expect(scene.questions == 2)
        }
    }

    @Test func `after a refused polled event, earlier tokens are introspected`()
        async throws
    {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.status = ["delivery": "poll", "status": "enabled"] }
            let token = try scene.token(isLive: false)
            let other = try scene.revoked("ses_1", ["aud": "https://other.example/mcp"])
            scene.stream.change { $0.sets = [("evt_ses_1", other)] }
            let polling = Task { await scene.receiver.poll() }
            while scene.stream.read({ $0.polls.count < 3 }) { await Task.yield() }
            polling.cancel()
            await polling.value
            #expect(scene.stream.read { $0.sets.isEmpty })
            scene.receiver.coverage.polled(at: scene.clock.now)
            #expect(await scene.refused(token) == .invalidToken)
            #expect(scene.questions == 1)
        }
    }

    @Test func `an event from the future is refused, and earlier tokens are introspected`()
        async throws
    {
        try await SessionScene.play { (scene) async throws in
            let late = try scene.revoked("ses_1", ["iat": .integer(scene.clock.now + 61)])
            #expect(await scene.push(late).status == 400)
            #expect(try await scene.refused(scene.token(isLive: false)) == .invalidToken)
            #expect(scene.questions == 1)
        }
    }

    @Test func `the audience of an event may be another spelling of the resource, as in tokens`()
        async throws
    {
        try await SessionScene.play { (scene) async throws in
            let event = try scene.revoked("ses_1", ["aud": "HTTP://127.0.0.1:9/mcp"])
            #expect(await scene.push(event).status == 202)
            #expect(try await scene.refused(scene.token()) == .invalidToken)
            #expect(scene.questions == 0)
        }
    }

    @Test func `a clock that was set back revives no ended session`() async throws {
        try await SessionScene.play { (scene) async throws in
            let token = try scene.token(isLive: false)
            #expect(try await scene.push(scene.revoked()).status == 202)
            scene.clock.advance(4_000)
            #expect(try await scene.push(scene.revoked("ses_2")).status == 202)
            scene.clock.advance(-4_000)
            #expect(await scene.refused(token) == .invalidToken)
            #expect(scene.questions == 1)
        }
    }

    @Test func `while a polled event cannot be handled, tokens are introspected`() async throws {
        struct Failure: Error {}
        try await SessionScene.play(ear: SessionEar { _ in throw Failure() }) { (scene) async throws in
            scene.stream.change { $0.status = ["delivery": "poll", "status": "enabled"] }
            let event = try scene.revoked()
            scene.stream.change { $0.sets = [("evt_ses_1", event)] }
            let polling = Task { await scene.receiver.poll() }
            try await expectDoubt(scene, while: polling)
            #expect(scene.stream.read { $0.polls.allSatisfy { $0["ack"] == [] } })
        }
    }

    @Test func `while more events wait than a poll returned, tokens are introspected`() async throws {
        try await SessionScene.play { (scene) async throws in
            scene.stream.change { $0.isMore = true }
            let polling = Task { await scene.receiver.poll() }
            scene.stream.change { $0.status = ["delivery": "poll", "status": "enabled"] }
            try await expectDoubt(scene, while: polling)
        }
    }

    /// Polls go on long enough for a token to be younger than the listening, and still it is asked about.
    private func expectDoubt(_ scene: SessionScene, while polling: Task<Void, Never>) async throws {
        for seconds in [61, 0] as [Int64] {
            let polls = scene.stream.read { $0.polls.count }
            while scene.stream.read({ $0.polls.count < polls + 3 }) { await Task.yield() }
            scene.clock.advance(seconds)
        }
        polling.cancel()
        await polling.value
        #expect(try await scene.refused(scene.token("ses_2")) == nil)
        #expect(scene.questions == 1)
    }
}
