import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import StorageSupport
import TestSupport
import Testing

@Suite("An action that the user declined is not asked again at once")
struct DeclinedActionTests {
    private func reason(_ answer: TestResponse) -> String? {
        #expect(answer.json["decision"] == false)
        return answer.json["context"]?.object?["reason"]?.string
    }

    private func decline(_ h: Harness, _ answer: TestResponse) async throws {
        let id = try #require(
            answer.json["context"]?.object?["elicitation"]?.object?["id"]?.string.flatMap { ElicitationID($0) })
        let finished = try await h.gatehouse.store.write { [user = h.user.id, now = h.clock.now] in
            try $0.elicitations.finish(id, as: .declined(by: user), now: now)
        }
        #expect(finished?.status == .declined)
    }

    @Test func `for five minutes the answer is declined, in whatever words, session or job`() async throws {
        try await Harness.run { h in
            try await h.list()
            let tokens = try await h.tokens()
            let asked = try await h.evaluate("access_token", tokens.access, "books.close")
            #expect(reason(asked) == "approval_required")
            try await decline(h, asked)
            let job = try #require(try await h.storedJob(h.openJob(tokens.access)))
            h.clock.advance(by: 299)
            let other = try await h.tokens().access
            let words: [String: JSON?] = ["context": ["summary": "Please!", "message": "Again."]]
            let amount: [String: JSON?] = ["action": ["name": "books.close", "properties": ["amount": "13"]]]
            for answer in [
                try await h.evaluate("access_token", tokens.access, "books.close"),
                try await h.evaluate("access_token", other, "books.close", words),
                try await h.evaluate("access_token", other, "books.close", amount),
                try await h.evaluate("job", job.id.string, "books.close"),
            ] {
                #expect(answer.text == #"{"decision":false,"context":{"reason":"declined"}}"#)
            }
            #expect(try await h.records(.elicitationCreated).count == 1)
            let records = try await h.records(.actionEvaluated)
            #expect(records.filter { $0.reason == "declined books.close" && $0.outcome == .refused }.count == 4)
            h.clock.advance(by: 1)
            #expect(reason(try await h.evaluate("access_token", other, "books.close")) == "approval_required")
        }
    }

    @Test func `another object, action, user or MCP server is asked as before`() async throws {
        try await Harness.run { h in
            try await h.list(Harness.listed + [("books.open", .ask, [])])
            let token = try await h.tokens().access
            try await decline(h, await h.evaluate("access_token", token, "books.close"))
            #expect(
                reason(try await h.evaluate("access_token", token, "books.close", report: "R-2")) == "approval_required"
            )
            #expect(reason(try await h.evaluate("access_token", token, "books.open")) == "approval_required")
            _ = try await h.addUser("bob")
            let bob = h.browser()
            _ = try await h.open(bob, Asked(id: "eli_x", page: "http://localhost/e/x"), as: "bob")
            let foreign = try await h.tokens(bob).access
            #expect(reason(try await h.evaluate("access_token", foreign, "books.close")) == "approval_required")
            #expect(reason(try await h.evaluate("access_token", token, "books.close")) == "declined")
            #expect(try await h.evaluate("access_token", token, "expenses.submit").json["decision"] == true)
        }
    }

    @Test func `only the user's own decline counts`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let asked = try await h.evaluate("access_token", token, "books.close")
            let id = try #require(asked.json["context"]?.object?["elicitation"]?.object?["id"]?.string)
            _ = try await h.call(.delete, "/elicitations/\(id)")
            #expect(reason(try await h.evaluate("access_token", token, "books.close")) == "approval_required")
            h.clock.advance(by: 900)
            let fresh = try await h.tokens().access
            #expect(reason(try await h.evaluate("access_token", fresh, "books.close")) == "approval_required")
        }
    }

    @Test func `a decline and simultaneous questions happen in one order or the other`() async throws {
        try await Harness.run { h in
            try await h.list()
            let token = try await h.tokens().access
            let asked = try await h.evaluate("access_token", token, "books.close")
            let reasons = try await withThrowingTaskGroup(of: String?.self) { group in
                for place in 0..<12 {
                    group.addTask {
                        if place == 5 { try await decline(h, asked) }
                        return reason(try await h.evaluate("access_token", token, "books.close"))
                    }
                }
                return try await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(Set(reasons).isSubset(of: ["approval_required", "declined"]) && reasons.contains("declined"))
            #expect(try await h.records(.elicitationCreated).count == 1, "nobody was asked a second time")
        }
    }
}
