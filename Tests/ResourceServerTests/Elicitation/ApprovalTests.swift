import JOSE
import Testing

@testable import ResourceServer

@Suite("Approvals: the checks before the action runs")
struct ApprovalTests {
    /// Approves as the user and collects as the given caller.
    private func collect(
        in scene: ElicitationScene, _ action: ElicitationAction? = nil, by other: Access? = nil
    ) async throws -> Approval {
        let access = try await scene.access()
        let made = try await scene.elicitations.create(.confirm(try scene.action(), message: "m"), for: access)
        scene.fake.act("completed")
        let request = ElicitationRequest.confirm(try action ?? scene.action(), message: "m")
        let result = try await scene.elicitations.result(of: made.id, for: request, by: other ?? access)
        return try #require(result.approval)
    }

    @Test func `an approval by this user for this action in this session is accepted once`() async throws {
        try await ElicitationScene.play { scene in
            let approval = try await collect(in: scene)
            #expect(approval.subject == "sub_1" && approval.elicitation == "eli_1" && approval.id == "apr_1")
            #expect(try approval.digest == scene.action().digest)
            #expect(approval.authenticatedAt == scene.clock.now - 10)
            let again = await fault {
                try await scene.elicitations.result(
                    of: "eli_1", for: .confirm(try scene.action(), message: "m"), by: try await scene.access())
            }
            #expect(again?.kind == .alreadyCollected)
        }
    }

    @Test func `the digest is computed from the call about to run`() async throws {
        try await ElicitationScene.play { scene in
            let other = try scene.action("other.txt")
            #expect(await fault { try await collect(in: scene, other) }?.kind == .invalidApproval)
        }
    }

    @Test(arguments: ["subject", "client", "session"])
    func `an approval for another caller is refused`(part: String) async throws {
        try await ElicitationScene.play { scene in
            let other = try await scene.access(
                "u", subject: part == "subject" ? "sub_2" : "sub_1",
                client: part == "client" ? "https://other.example/c.json" : "https://client.example/c.json",
                session: part == "session" ? "ses_2" : "ses_1")
            let found = await fault { try await collect(in: scene, by: other) }
            #expect(found?.kind == .invalidApproval)
        }
    }

    @Test(
        arguments: [
            ("iss", "https://other.example"), ("aud", "http://127.0.0.1:9/other"), ("sub", "sub_9"), ("client_id", "x"),
            ("sid", "ses_9"), ("elicitation", "eli_9"), ("digest", "AAAA"), ("action", "write_file"), ("jti", nil),
            ("exp", nil), ("iat", nil), ("sid", nil), ("digest", nil),
        ] as [(String, JSON?)])
    func `each claim is mandatory`(name: String, value: JSON?) async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.forge = { $0[name] = value } }
            #expect(await fault { try await collect(in: scene) }?.kind == .invalidApproval)
        }
    }

    @Test func `an expired approval and one from the future are refused`() async throws {
        try await ElicitationScene.play { scene in
            let now = scene.clock.now
            scene.fake.change { $0.forge = { $0["exp"] = .integer(now) } }
            #expect(await fault { try await collect(in: scene) }?.kind == .invalidApproval)
            scene.fake.change { $0.forge = { $0["iat"] = .integer(now + 61) } }
            #expect(await fault { try await collect(in: scene) }?.kind == .invalidApproval)
        }
    }

    @Test func `another type or key is refused`() async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.approvalType = "secevent+jwt" }
            #expect(await fault { try await collect(in: scene) }?.kind == .invalidApproval)
            scene.fake.change {
                $0.approvalType = "gatehouse-approval+jwt"
                $0.signingKey = SigningKey.generate()
            }
            #expect(await fault { try await collect(in: scene) }?.kind == .invalidApproval)
        }
    }
}
