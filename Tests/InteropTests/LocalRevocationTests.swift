import JOSE
import MCPClient
import ResourceServer
import TestSupport
import Testing

/// `gatehouse sessions revoke` and the other commands that end sessions, run as an administrator runs them, while an MCP server
/// that asks nobody about its tokens goes on serving.
@Suite("Revoked sessions with local verification, from the command to the 401")
struct LocalRevocationTests {
    @Test func `by push: the revoked session's token is refused, and no other`() async throws {
        try await Stage.play { stage in
            try await VerifyingScene.play(.pushed, on: stage) { scene in
                let (held, other) = (try await scene.session(), try await scene.session())
                for session in [held, other] { try await expectGood(session, in: scene) }
                let asked = try await scene.questions()
                try await scene.command("sessions", "revoke", held.id, "--reason", "laptop lost", "--yes")
                try await expectRefusal(of: held, in: scene)
                try await expectGood(other, in: scene)
                #expect(try await scene.questions() == asked, "the MCP server knows by itself")
                try expectEvent(of: held, "admin", "An administrator ended the session.", in: scene)
                try await expectRecord(of: held, "revoked_by_admin", "laptop lost", in: scene)
                #expect(try await scene.records(other.id, "session.ended").isEmpty)
                try await expectDoubt(of: other, in: scene)
            }
        }
    }

    /// When events do not get through the door any more, the MCP server is behind for half a minute at most.
    private func expectDoubt(of other: VerifyingScene.Held, in scene: VerifyingScene) async throws {
        let kept = try await scene.session()
        try await expectGood(kept, in: scene)
        scene.server.shutDoor()
        try await scene.command("sessions", "revoke", other.id, "--yes")
        #expect(try await scene.server.call(other.token).status == 200, "nothing has told it")
        let asked = try await scene.questions()
        scene.server.advance(by: 31)
        try await expectRefusal(of: other, in: scene, within: 1)
        #expect(try await scene.server.call(kept.token).status == 200, "one that lives is vouched for")
        #expect(try await scene.questions() == asked + 2)
        #expect(scene.server.heard.allSatisfy { $0.sessionID != other.id })
    }

    @Test func `by push: blocking a host, disabling a user and removing an MCP server end their sessions`()
        async throws
    {
        try await Stage.play { stage in
            let authority = try TestAuthority.shared.get()
            let website = try await Website(on: stage, files: authority.files(of: "localhost"))
            try await VerifyingScene.play(.pushed, on: stage, settings: website.settings(authority)) { scene in
                let document = try await website.publish("/client.json", redirect: Visitor.redirect)
                let hosted = try await scene.session(clientID: document)
                let (registered, other) = (try await scene.session(), try await scene.session("grace"))
                for session in [hosted, registered, other] { try await expectGood(session, in: scene) }
                let asked = try await scene.questions()

                try await scene.command("clients", "block", "localhost", "--yes")
                try await expectRefusal(of: hosted, in: scene)
                try expectEvent(of: hosted, "admin", "An administrator blocked the client.", in: scene)
                try await expectRecord(of: hosted, "client_blocked", nil, in: scene)
                for session in [registered, other] { try await expectGood(session, in: scene) }

                try await scene.command("users", "disable", "ada", "--yes")
                try await expectRefusal(of: registered, in: scene)
                try expectEvent(of: registered, "admin", "An administrator disabled the account.", in: scene)
                try await expectRecord(of: registered, "user_disabled", nil, in: scene)
                try await expectGood(other, in: scene)
                #expect(try await scene.questions() == asked, "the MCP server knows by itself")

                try await expectNobodyTold(of: other, in: scene)
            }
        }
    }

    /// A removed MCP server is sent nothing. It finds out that Gatehouse does not know it any more, which takes a minute.
    private func expectNobodyTold(of held: VerifyingScene.Held, in scene: VerifyingScene) async throws {
        scene.server.advance(by: 31)
        try await expectGood(held, in: scene)
        try await scene.command("resources", "remove", scene.server.resource, "--yes")
        try await expectRecord(of: held, "resource_removed", nil, in: scene)
        scene.server.advance(by: 31)
        #expect(try await scene.server.call(held.token).status == 200, "what it was told before does for a minute")
        scene.server.advance(by: 30)
        let answer = try await scene.server.call(held.token)
        #expect(answer.status == 503 && answer.header("www-authenticate") == nil)
        #expect(scene.server.heard.allSatisfy { $0.sessionID != held.id })
    }

    @Test func `by poll: the same, and without polls tokens are introspected`() async throws {
        try await Stage.play { stage in
            try await VerifyingScene.play(.polled, on: stage) { scene in
                let polling = Task { await scene.server.poll() }
                defer { polling.cancel() }
                // A first answer lies in the past of this MCP server's clock; the next is of now.
                await eventually { await scene.server.isInformed }
                scene.server.catchUp()
                let first = try await scene.session()
                try await scene.command("sessions", "revoke", first.id, "--yes")
                await eventually { await scene.server.isInformed }

                let (held, other) = (try await scene.session(), try await scene.session())
                for session in [held, other] { try await expectGood(session, in: scene) }
                let asked = try await scene.questions()
                try await scene.command("sessions", "revoke", held.id, "--yes")
                try await expectRefusal(of: held, in: scene)
                try await expectGood(other, in: scene)
                #expect(try await scene.questions() == asked, "the MCP server knows by itself")
                await eventually { scene.server.heard.count == 2 }
                let event = scene.server.heard[1]
                #expect(event.sessionID == held.id && event.subject == held.subject && event.initiator == .admin)
                #expect(event.reason == "An administrator ended the session.")

                polling.cancel()
                await polling.value
                try await scene.command("sessions", "revoke", other.id, "--yes")
                #expect(try await scene.server.call(other.token).status == 200, "nothing has told it")
                scene.server.advance(by: 46)
                try await expectRefusal(of: other, in: scene, within: 1)
                #expect(try await scene.questions() == asked + 1)
            }
        }
    }

    private func expectGood(_ held: VerifyingScene.Held, in scene: VerifyingScene) async throws {
        let answer = try await scene.server.call(held.token)
        #expect(answer.status == 200 && answer.text == held.subject)
    }

    /// A 401 with the challenge by which a client begins anew.
    private func expectRefusal(of held: VerifyingScene.Held, in scene: VerifyingScene, within tries: Int = 1000)
        async throws
    {
        let answer = try await scene.server.expect(401, for: held.token, within: tries)
        let challenge = try #require(ReceivedChallenge.all(in: answer.header("www-authenticate") ?? "").first)
        #expect(challenge.scheme == "Bearer" && challenge["error"] == "invalid_token")
        #expect(challenge["scope"] == "files:read")
        let origin = scene.server.resource.replacing("/mcp", with: "")
        #expect(challenge["resource_metadata"] == origin + "/.well-known/oauth-protected-resource/mcp")
    }

    /// One event, which says at whose will and why, and not what an administrator typed.
    private func expectEvent(
        of held: VerifyingScene.Held, _ initiator: JSON, _ reason: JSON, in scene: VerifyingScene
    ) throws {
        let events = scene.server.pushed.filter { $0.claims["txn"]?.string == held.id }
        #expect(events.count == 1)
        let event = try #require(events.first)
        #expect(event.status == 202)
        #expect(event.claims["iss"]?.string == scene.gatehouse.issuer)
        #expect(event.claims["aud"]?.string == scene.server.resource)
        let identifier = event.claims["sub_id"]?.object
        #expect(identifier?["session"] == ["format": "opaque", "id": .string(held.id)])
        #expect(identifier?["user"]?.object?["sub"]?.string == held.subject)
        let said = event.claims["events"]?.object?[VerifyingScene.caep]?.object
        #expect(said?["initiating_entity"] == initiator && said?["reason_admin"]?.object?["en"] == reason)
        #expect(!event.claims.text.contains("laptop"))
        #expect(scene.server.heard.count { $0.sessionID == held.id } == 1)
    }

    /// One record, by the hand of an administrator.
    private func expectRecord(
        of held: VerifyingScene.Held, _ reason: JSON, _ explanation: JSON?, in scene: VerifyingScene
    ) async throws {
        let records = try await scene.records(held.id, "session.ended")
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record["reason"] == reason && record["explanation"] ?? .null == explanation ?? .null)
        #expect(record["initiator"] == "human" && record["evidence"] == "witnessed" && record["outcome"] == "success")
        #expect(record["actor"]?.string?.hasPrefix("admin ") == true)
        #expect(record["resource"]?.string == scene.server.resource)
    }
}
