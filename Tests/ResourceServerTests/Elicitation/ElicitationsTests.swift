import Foundation
import JOSE
import Testing

@testable import ResourceServer

@Suite("Elicitations: requests to the authorization server")
struct ElicitationsTests {
    @Test func `authenticates with its own credentials and sends the user's token, which nothing prints`()
        async throws
    {
        try await ElicitationScene.play { scene in
            let access = try await scene.access("gate_a_canary")
            var request = ElicitationRequest.confirm(try scene.action(), message: "Approve.")
            request.expiresIn = 600
            request.idempotencyKey = "k-1"
            let made = try await scene.elicitations.create(request, for: access)
            #expect(made.status == .pending && made.url != nil && made.event == nil)
            #expect(try made.digest == scene.action().digest)
            let body = scene.fake.read { $0.entries.first?.body }
            #expect(body?["subject_token"] == "gate_a_canary" && body?["kind"] == "confirm")
            #expect(body?["expires_in"] == 600 && body?["idempotency_key"] == "k-1" && body?["message"] == "Approve.")
            let field = "Basic " + Data("res_1:gate_s_x".utf8).base64EncodedString()
            #expect(scene.fake.read { $0.credentials } == [field])
            var dumped = "\(access) \(String(reflecting: access))"
            dump(access, to: &dumped)
            #expect(!dumped.contains("canary"))
        }
    }

    @Test func `the open ones are listed over all pages, with whom they are for`() async throws {
        try await ElicitationScene.play { scene in
            #expect(try await scene.elicitations.open().isEmpty)
            let access = try await scene.access()
            var made: [Elicitation] = []
            for number in 1...5 {
                var request = ElicitationRequest.confirm(try scene.action("\(number).txt"), message: "m")
                request.idempotencyKey = "k-\(number)"
                made.append(try await scene.elicitations.create(request, for: access))
            }
            let open = try await scene.elicitations.open()
            #expect(open.map(\.elicitation) == made && open.map(\.idempotencyKey) == (1...5).map { "k-\($0)" })
            #expect(open.allSatisfy { $0.subject == access.subject && $0.clientID == access.clientID })
            #expect(open.allSatisfy { $0.sessionID == access.sessionID && $0.elicitation.url != nil })
            _ = try await scene.elicitations.cancel(made[4].id)
            #expect(try await scene.elicitations.open().count == 4)
        }
    }

    @Test func `a response that is no list is an error and not an empty list`() async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.failure = (200, "{}") }
            #expect(await fault { try await scene.elicitations.open() }?.kind == .unavailable)
        }
    }

    @Test func `waiting is a long poll of at most 30 seconds, otherwise the request returns at once`() async throws {
        try await ElicitationScene.play { scene in
            let made = try await scene.elicitations.create(
                .confirm(try scene.action(), message: "m"), for: try await scene.access())
            #expect(try await scene.elicitations.status(of: made.id).status == .pending)
            #expect(scene.fake.read { $0.waits }.isEmpty)
            _ = try await scene.elicitations.status(of: made.id, waiting: 25)
            _ = try await scene.elicitations.status(of: made.id, waiting: 900)
            #expect(scene.fake.read { $0.waits } == ["wait=25", "wait=30"])
            #expect(try await scene.elicitations.cancel(made.id).status == .cancelled)
        }
    }

    @Test(
        arguments: [
            (400, "invalid_request", .invalidRequest), (401, "invalid_client", .invalidClient),
            (400, "invalid_subject_token", .invalidSubjectToken), (403, "unsupported_kind", .unsupportedKind),
            (403, "no_user", .noUser),
            (404, "not_found", .notFound), (409, "not_completed", .notCompleted), (409, "session_ended", .sessionEnded),
            (410, "already_collected", .alreadyCollected), (409, "idempotency_conflict", .idempotencyConflict),
            (429, "too_many_requests", .tooManyRequests), (503, "temporarily_unavailable", .unavailable),
            (403, "access_denied", .accessDenied), (409, "not_redeemed", .notRedeemed),
            (400, "invalid_grant", .notConnected), (400, "invalid_target", .invalidTarget),
            (400, "invalid_scope", .scopeNotGranted),
            (500, "server_error", .unavailable), (418, "invalid_approval", .unavailable),
        ] as [(Int, String, ElicitationError.Kind)])
    func `each refusal has its own kind`(status: Int, code: String, kind: ElicitationError.Kind) async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change {
                $0.failure = (status, #"{"error":"\#(code)","error_description":"Do this instead."}"#)
            }
            let found = await fault { try await scene.elicitations.status(of: "eli_1") }
            #expect(found?.kind == kind && found?.retryAfter == 7)
            #expect(found?.description == "Do this instead." || kind == .unavailable)
        }
    }

    @Test(arguments: [
        "", "[]", "{}", "<html>", #"{"id":"e","status":"done","version":1,"expires_at":"2027-01-15T08:00:00Z"}"#,
        #"{"id":"e","status":"pending","version":1,"expires_at":1}"#,
    ])
    func `a response that is not an elicitation is an error`(body: String) async throws {
        try await ElicitationScene.play { scene in
            scene.fake.change { $0.failure = (200, body) }
            #expect(await fault { try await scene.elicitations.status(of: "eli_1") }?.kind == .unavailable)
        }
    }

    @Test func `a handle cannot lead to another endpoint`() async throws {
        try await ElicitationScene.play { scene in
            #expect(await fault { try await scene.elicitations.status(of: "../introspect?") }?.kind == .notFound)
        }
    }

    @Test func `an unreachable server is reported as unavailable`() async throws {
        let configuration = Fixture.configuration(issuer: "http://127.0.0.1:1")
        let elicitations = try Elicitations(configuration, clientID: "a", clientSecret: "b")
        #expect(await fault { try await elicitations.status(of: "eli_1") }?.kind == .unavailable)
        #expect(throws: InvalidConfiguration.self) { try Elicitations(configuration, clientID: "", clientSecret: "b") }
    }

    @Test func `RFC 8785 the digest covers the arguments independent of their order`() throws {
        func action(_ arguments: String) throws -> ElicitationAction {
            try ElicitationAction(name: "n", summary: "s", arguments: Array(arguments.utf8))
        }
        #expect(try action(#"{"a":1,"b":[2]}"#).digest == action(#"{ "b": [2.0], "a": 1 }"#).digest)
        #expect(try action(#"{"a":1}"#).digest != action(#"{"a":2}"#).digest)
        for broken in ["[1]", "{", #"{"a":1,"a":2}"#, #"{"a":9007199254740993}"#] {
            #expect(throws: InvalidElicitation.self) { try action(broken) }
        }
        let long = String(repeating: "x", count: 101)
        #expect(throws: InvalidElicitation.self) { try ElicitationAction(name: long, summary: "s") }
    }
}
