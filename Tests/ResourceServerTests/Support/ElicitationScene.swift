import JOSE

@testable import ResourceServer

/// An MCP server with elicitations, a fake authorization server, and a clock that only waits advance.
struct ElicitationScene {
    let server: FakeAuthorizationServer
    let fake: FakeElicitations
    let elicitations: Elicitations
    let resource: ProtectedResource
    let clock: ManualClock

    /// Plays a test with the authorization server running.
    static func play(_ body: (ElicitationScene) async throws -> Void) async throws {
        let clock = ManualClock()
        let server = FakeAuthorizationServer()
        let fake = FakeElicitations(server, clock: clock)
        try await server.run(adding: fake.routes) {
            let configuration = Fixture.configuration(issuer: server.issuer, clock: clock)
            try await body(
                ElicitationScene(
                    server: server, fake: fake,
                    elicitations: Elicitations(configuration, clientID: "res_1", clientSecret: "gate_s_x"),
                    resource: ProtectedResource(configuration), clock: clock))
        }
    }

    /// The access of a token of this user and client.
    func access(
        _ token: String = "t", subject: String = "sub_1", client: String = "https://client.example/c.json",
        session: String = "ses_1"
    ) async throws -> Access {
        var answer = Fixture.answer(issuer: server.issuer, now: clock.now)
        answer["scope"] = "files:read files:write"
        answer["sub"] = .string(subject)
        answer["client_id"] = .string(client)
        answer["sid"] = .string(session)
        server.change { $0.answers[token] = answer }
        return try await resource.authorize(authorizationHeader: "Bearer \(token)")
    }

    func action(_ file: String = "plan.txt") throws -> ElicitationAction {
        try ElicitationAction(
            name: "delete_file", summary: "Delete a file for good", details: [.init("File", file)],
            arguments: Array(#"{"name":"\#(file)"}"#.utf8))
    }

    func request(_ file: String = "plan.txt") -> OriginatingRequest {
        OriginatingRequest(
            method: "tools/call", name: "delete_file", arguments: Array(#"{"name":"\#(file)"}"#.utf8))
    }

    func calls(_ receiver: EventReceiver? = nil) -> WaitingCalls {
        WaitingCalls(elicitations, seal: RequestStateSeal { [clock] in clock.now }, receiver: receiver)
    }
}

/// The fault that a call ends with.
func fault(_ body: () async throws -> some Any) async -> ElicitationError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? ElicitationError
    }
}

extension ElicitationStep {
    var result: ElicitationResult? { if case .completed(let result) = self { result } else { nil } }
    var approval: Approval? { result?.approval }
    var refusal: String? { if case .refused(let sentence) = self { sentence } else { nil } }
    var link: String? { if case .unanswered(let url) = self { url } else { nil } }
    /// The state of a step that asks or waits.
    var state: String? {
        switch self {
        case .ask(_, let state), .wait(let state): state
        default: nil
        }
    }
}

extension ElicitationResult {
    var approval: Approval? { if case .approval(let approval) = self { approval } else { nil } }
    var content: SecretContent? { if case .content(let content) = self { content } else { nil } }
    var account: ConnectedAccount? { if case .connection(let account) = self { account } else { nil } }
}
