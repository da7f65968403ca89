import Hummingbird
import JOSE
import NIOCore
import Synchronization
import Testing

@testable import ResourceServer

@Suite("Governance: checkpoints, jobs and decisions")
struct GovernanceTests {
    /// A received request and its response.
    private final class Desk: Sendable {
        let answer: Mutex<(status: Int, body: String)>
        let sent = Mutex<[(path: String, body: String, authorization: String)]>([])

        init(_ status: Int, _ body: String) { answer = Mutex((status, body)) }

        func routes(_ router: Router<BasicRequestContext>) {
            for path in ["/checkpoints", "/jobs", "/access/v1/evaluation"] {
                router.post(RouterPath(path)) { request, _ in try await self.take(request) }
            }
            router.get("/jobs/:id") { request, _ in try await self.take(request) }
            router.delete("/jobs/:id") { request, _ in try await self.take(request) }
        }

        private func take(_ request: Request) async throws -> Response {
            let body = String(buffer: try await request.body.collect(upTo: 65_536))
            sent.withLock {
                $0.append(("\(request.method) \(request.uri.path)", body, request.headers[.authorization] ?? ""))
            }
            let (status, text) = answer.withLock { $0 }
            return Response(
                status: .init(code: status), headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func play(
        _ status: Int, _ answer: String, _ body: (Governance, Access, Desk) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let server = FakeAuthorizationServer()
        let desk = Desk(status, answer)
        try await server.run(adding: desk.routes) {
            let configuration = Fixture.configuration(issuer: server.issuer, clock: clock)
            let elicitations = try Elicitations(configuration, clientID: "res_1", clientSecret: "gate_s_x")
            server.change { $0.answers["t"] = Fixture.answer(issuer: server.issuer, now: clock.now) }
            let access = try await ProtectedResource(configuration).authorize(authorizationHeader: "Bearer t")
            try await body(Governance(elicitations), access, desk)
        }
    }

    @Test func `checkpoints are sent with names, enumerated values and the user's token`() async throws {
        try await play(201, #"{"evidence":"reported"}"#) { governance, access, desk in
            try await governance.recordCheckpoint(.sampling(.edited, tool: "report_churn", model: "m"), for: access)
            try await governance.recordCheckpoint(.form(missing: ["environment"]), for: access)
            try await governance.recordCheckpoint(
                .form(missing: ["when"], tool: "migrate", .accepted(path: "tonight")), for: access)
            let sent = desk.sent.withLock { $0 }
            #expect(sent.allSatisfy { $0.path == "POST /checkpoints" && $0.authorization.hasPrefix("Basic ") })
            #expect(
                sent.map(\.body) == [
                    #"{"subject_token":"t","kind":"sampling","outcome":"edited","tool":"report_churn","model":"m"}"#,
                    #"{"subject_token":"t","kind":"form","missing":["environment"]}"#,
                    #"{"subject_token":"t","kind":"form","missing":["when"],"tool":"migrate","outcome":"accepted","#
                        + #""path":"tonight"}"#,
                ])
        }
    }

    @Test func `a job is opened with the user's token, then read and ended by its id`() async throws {
        let answer = """
            {"id":"job_1","status":"open","actions":["a"],"purpose":"p","expires_at":"2026-11-21T18:00:00Z"}
            """
        try await play(201, answer) { governance, access, desk in
            let job = try await governance.openJob(["a"], purpose: "p", until: 1_800_000_000, for: access)
            #expect(job.id == "job_1" && job.isOpen && job.actions == ["a"] && job.expiresAt == 1_795_284_000)
            desk.answer.withLock { $0 = (200, answer.replacing("open", with: "ended")) }
            #expect(try await !governance.job("job_1").isOpen)
            #expect(try await !governance.endJob("job/1").isOpen)
            let sent = desk.sent.withLock { $0 }
            #expect(sent.map(\.path) == ["POST /jobs", "GET /jobs/job_1", "DELETE /jobs/job%2F1"])
            #expect(
                sent[0].body
                    == #"{"subject_token":"t","actions":["a"],"purpose":"p","expires_at":"2027-01-15T08:00:00Z"}"#)
            #expect(sent[1].body.isEmpty && sent[2].body.isEmpty)
        }
    }

    @Test(arguments: [
        (200, #"{"decision":true}"#, ServerActionDecision.allowed),
        (200, #"{"decision":true,"context":{"reason":"approved","elicitation":{"id":"eli_1"}}}"#, .allowed),
        (200, #"{"decision":false}"#, .denied(reason: nil)),
        (200, #"{"decision":false,"context":{"reason":"not_in_job"}}"#, .denied(reason: "not_in_job")),
        (200, #"{"decision":false,"context":{"reason":"approval_required"}}"#, .denied(reason: "approval_required")),
    ])
    func `AuthZEN only an explicit true permits`(
        status: Int, answer: String, expected: ServerActionDecision
    ) async throws {
        try await play(status, answer) { governance, access, desk in
            let action = try ServerAction(
                name: "expenses.submit", resourceType: "report", resourceID: "R-1", arguments: Array(#"{"n":1}"#.utf8))
            #expect(try await governance.evaluate(action, on: .job("job_1")) == expected)
            #expect(try await governance.evaluate(action, on: .access(access)) == expected)
            let bodies = desk.sent.withLock { $0.map(\.body) }
            #expect(
                bodies[0]
                    == #"{"subject":{"type":"job","id":"job_1"},"action":{"name":"expenses.submit","#
                    + #""properties":{"n":1}},"resource":{"type":"report","id":"R-1"}}"#)
            #expect(bodies[1].hasPrefix(#"{"subject":{"type":"access_token","id":"t"}"#))
        }
    }

    @Test func `AuthZEN a required approval comes with its link`() async throws {
        let answer = """
            {"decision":false,"context":{"reason":"approval_required","elicitation":{"id":"eli_1","url":"https://a/e/1",\
            "kind":"confirm","status":"pending","version":1,"expires_at":"2026-11-21T18:00:00Z","digest":"d"}}}
            """
        try await play(200, answer) { governance, _, _ in
            let action = try ServerAction(name: "books.close", resourceType: "month", resourceID: "11")
            guard case .approvalRequired(let asked) = try await governance.evaluate(action, on: .job("job_1")) else {
                Issue.record("no link")
                return
            }
            #expect(asked.id == "eli_1" && asked.url == "https://a/e/1" && asked.status == .pending)
        }
    }

    @Test(arguments: [
        (200, "{}"), (200, #"{"decision":"true"}"#), (200, #"{"decision":1}"#), (200, ""), (200, "yes"), (503, "{}"),
        (429, #"{"error":"too_many_requests"}"#), (401, #"{"error":"invalid_client"}"#),
    ])
    func `a response without a decision is an error, never a permission`(status: Int, answer: String) async throws {
        try await play(status, answer) { governance, access, _ in
            let action = try ServerAction(name: "books.close", resourceType: "month", resourceID: "11")
            #expect(await fault { try await governance.evaluate(action, on: .access(access)) } != nil)
        }
    }
}
