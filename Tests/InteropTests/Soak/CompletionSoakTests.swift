import Foundation
import JOSE
import Synchronization
import TestSupport
import Testing

/// Kills the server while a person answers several requests at once, again and again: what a page said has to be what the
/// MCP server hears.
@Suite("Durability: a displayed decision is what the MCP server receives")
struct CompletionSoakTests {
    private static let rounds = ProcessInfo.processInfo.environment["SOAK"].flatMap { Int($0) } ?? 3
    /// The most open elicitations of one user at one MCP server.
    private static let pages = 5

    @Test func `kill -9 around a decision: no displayed decision is lost or changed`()
        async throws
    {
        try await Stage.play { stage in
            var gatehouse = try await RunningGatehouse.start(on: stage)
            _ = try await gatehouse.object(["users", "add", "ada", "--password-stdin"], input: Scene.password + "\n")
            let server = try await gatehouse.addResource(
                "https://files.example/mcp", name: "Files", scopes: ["files:read=Read"])
            let proof = LoopbackHTTP.basic(server.id, server.secret)
            let added = try await gatehouse.addClient(redirect: Visitor.redirect)
            let visitor = Visitor(gatehouse: gatehouse, clientID: added["client_id"]?.string ?? "")
            var tokens = try await visitor.redeem(try await visitor.code()).object()
            let answerer = try await Answerer(visitor: visitor, token: Self.access(tokens), proof: proof)
            for round in 0..<Self.rounds {
                // Thousands of rounds last longer than an access token.
                tokens = try await visitor.refresh(tokens["refresh_token"]?.string ?? "").object()
                let asked = try await answerer.ask(
                    Self.pages, round: round, token: Self.access(tokens), at: gatehouse.http)
                let shown = await answerer.decide(
                    asked, killing: gatehouse.process, after: round % (Self.pages + 1), at: gatehouse.http)
                gatehouse = try await gatehouse.restarted()
                for question in asked {
                    try await answerer.check(question, shown: shown[question.id], at: gatehouse.http)
                }
            }
            for command in [["audit", "verify"], ["db", "check"]] {
                #expect(try await gatehouse.command(command).status == 0)
            }
        }
    }

    private static func access(_ tokens: JSONObject) -> String { tokens["access_token"]?.string ?? "" }
}

/// A user who answers, and the MCP server of the elicitations.
private struct Answerer: Sendable {
    /// One elicitation, the page's form token, and the user's decision.
    struct Question: Sendable {
        let id: String
        let page: String
        let form: String
        let decision: String
        var outcome: String { decision == "approve" ? "completed" : "declined" }
    }

    private let proof: (String, String)
    private let cookie: (String, String)

    /// Signs the user in at the page of a first elicitation.
    init(visitor: Visitor, token: String, proof: (String, String)) async throws {
        self.proof = proof
        let http = visitor.gatehouse.http
        let path = try await Self.create("first", token: token, proof: proof, at: http).page
        let page = try await http.get(path)
        let cookies = Visitor.cookies(of: page)
        let signedIn = try await http.post(
            "/login",
            form: [
                "interaction": Visitor.value(of: "interaction", in: page), "username": "ada",
                "password": Scene.password,
            ], headers: [("Cookie", cookies.joined(separator: "; "))])
        cookie = ("Cookie", (cookies + Visitor.cookies(of: signedIn)).joined(separator: "; "))
        let form = Visitor.value(of: "token", in: try await http.get(path, headers: [cookie]))
        let declined = try await http.post(
            path, form: ["token": form, "decision": "decline"], headers: [cookie])
        guard declined.status == 200 else { throw StageFailure("the first request was not declined") }
    }

    /// Asks for so many actions and opens all the pages.
    func ask(_ count: Int, round: Int, token: String, at http: LoopbackHTTP) async throws -> [Question] {
        var questions: [Question] = []
        for number in 0..<count {
            let made = try await Self.create("\(round)-\(number)", token: token, proof: proof, at: http)
            let form = Visitor.value(of: "token", in: try await http.get(made.page, headers: [cookie]))
            questions.append(
                Question(
                    id: made.id, page: made.page, form: form, decision: number.isMultiple(of: 2) ? "approve" : "decline"
                ))
        }
        return questions
    }

    /// Presses the buttons of all pages at once and kills the server at one of the answers, or before them all; returns
    /// the status that each page came with, where one came.
    func decide(
        _ questions: [Question], killing process: ChildProcess, after answers: Int, at http: LoopbackHTTP
    ) async -> [String: Int] {
        let turns = Turns()
        return await withTaskGroup(of: (String, Int)?.self) { group in
            for question in questions {
                group.addTask {
                    let answer = try? await http.post(
                        question.page, form: ["token": question.form, "decision": question.decision],
                        headers: [cookie])
                    if turns.next() == answers { process.kill() }
                    return answer.map { (question.id, $0.status) }
                }
            }
            if answers == 0 { process.kill() }
            return await group.reduce(into: [:]) { shown, answer in
                if let answer { shown[answer.0] = answer.1 }
            }
        }
    }

    /// Compares the MCP server's view with the shown pages, and collects each approval once.
    func check(_ question: Question, shown: Int?, at http: LoopbackHTTP) async throws {
        let path = "/elicitations/\(question.id)"
        let now = try await http.get(path, headers: [proof]).object()
        let status = now["status"]?.string ?? ""
        if let shown {
            #expect(shown == 200)
            #expect(status == question.outcome, "a page said so")
        }
        #expect([question.outcome, "opened", "pending"].contains(status), "nobody pressed anything else")
        guard status == question.outcome else {
            // Not answered: it is still open, and the MCP server may take it back.
            #expect(now["event"] == nil)
            #expect(try await http.delete(path, headers: [proof]).object()["status"] == "cancelled")
            return
        }
        let parts = now["event"]?.string?.split(separator: ".") ?? []
        let claims = try JSONObject(parsing: parts.count == 3 ? Base64URL.decode(parts[1]) ?? [] : [])
        #expect(
            claims["events"]?.object?.members.map(\.name) == ["urn:gatehouse:event:elicitation-\(question.outcome)"])
        let first = try await http.post(path + "/result", json: "{}", headers: [proof]).status
        let second = try await http.post(path + "/result", json: "{}", headers: [proof]).status
        let expected = question.outcome == "completed" ? [200, 410] : [409, 409]
        #expect([first, second] == expected)
    }

    private static func create(
        _ name: String, token: String, proof: (String, String), at http: LoopbackHTTP
    ) async throws -> (id: String, page: String) {
        let body: JSONObject = [
            "subject_token": .string(token), "kind": "confirm", "message": "May I?",
            "action": ["name": "delete_file", "summary": .string("Delete \(name)")],
        ]
        let answer = try await http.post("/elicitations", json: body.text, headers: [proof])
        guard answer.status == 201, let made = try? answer.object(), let id = made["id"]?.string,
            let url = made["url"]?.string, let page = url.firstRange(of: "/e/")
        else { throw StageFailure("no elicitation: \(answer.status) \(answer.text)") }
        return (id, String(url[page.lowerBound...]))
    }
}

/// Numbers the answers in the order in which they came.
private final class Turns: Sendable {
    private let number = Atomic<Int>(0)
    func next() -> Int { number.add(1, ordering: .sequentiallyConsistent).newValue }
}
