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

@Suite("An MCP server reads a result until it acknowledges it")
struct ResultAcknowledgementTests {
    /// Creates an elicitation of the kind and completes it, as the user does on the page or as the MCP server reports it.
    private func completed(_ kind: ElicitationKind, _ h: Harness, token: String? = nil) async throws -> Asked {
        try await h.grant([.confirm, .secret, .external], hosts: ["pay.example"])
        let fresh = try await h.tokens().access
        let token = token ?? fresh
        let browser = h.browser()
        switch kind {
        case .secret:
            let asked = try await Asked(h.askSecret(token))
            _ = try await h.fill(
                browser, asked, [("f0", "sk-canary-0123456789"), ("f1", "team")], at: h.open(browser, asked))
            return asked
        case .external:
            let members: [String: JSON?] = [
                "kind": "external", "action": nil as JSON?, "url": "https://pay.example/cart",
            ]
            let asked = try await Asked(h.ask(token, members))
            let onward = try await h.press(browser, asked, "approve", at: h.open(browser, asked))
            let ticket = FormText.decode(queryOf: onward.continuation ?? "")["ticket"]?.first ?? ""
            _ = try await h.call(.post, "/elicitations/redeem", ["ticket": .string(ticket)])
            _ = try await h.call(.post, asked.path + "/complete", ["outcome": "completed"])
            return asked
        case .confirm, .connect:
            let asked = try await Asked(h.ask(token))
            _ = try await h.press(browser, asked, "approve", at: h.open(browser, asked))
            return asked
        }
    }

    /// The answer without the signature, which differs in each copy.
    private func content(_ answer: TestResponse) -> JSONObject {
        var body = answer.json
        if body["approval"]?.string != nil { body["approval"] = "signed" }
        return body
    }

    @Test(arguments: [ElicitationKind.confirm, .secret, .external])
    func `a lost answer is asked for again, and the acknowledgement may be repeated`(kind: ElicitationKind) async throws
    {
        try await Harness.run { h in
            let asked = try await completed(kind, h)
            let first = try await h.call(.get, asked.path + "/result")
            let again = try await h.call(.get, asked.path + "/result")
            #expect(first.status == .ok && first.headers[.cacheControl] == "no-store")
            #expect(first.json["kind"]?.string == kind.rawValue && content(again) == content(first))
            #expect(try await h.stored(asked)?.collectedAt == nil)
            #expect(try await h.records(.elicitationRead).count == 2)
            #expect(try await h.records(.elicitationCollected).isEmpty)
            for _ in 1...2 { #expect(try await h.call(.delete, asked.path + "/result").status == .noContent) }
            let stored = try #require(try await h.stored(asked))
            #expect(stored.collectedAt == h.clock.now && stored.content == nil)
            #expect(try await h.records(.elicitationCollected).count == 1)
            for method in [HTTPRequest.Method.get, .post] {
                let late = try await h.call(method, asked.path + "/result")
                #expect(late.status == .gone && late.error == "already_collected")
            }
        }
    }

    @Test func `every copy of an approval has the same id and is valid for five minutes from its reading`() async throws
    {
        try await Harness.run { h in
            let asked = try await completed(.confirm, h)
            func claims(_ asked: Asked) async throws -> JSONObject {
                try await JWT.verify(
                    h.call(.get, asked.path + "/result").json["approval"]?.string ?? "", typ: ApprovalClaims.type,
                    algorithms: [.es256], keys: h.gatehouse.keys.verification(.events, at: h.clock.now.seconds)
                ).claims
            }
            let first = try await claims(asked)
            h.clock.advance(by: 400)
            let second = try await claims(asked)
            #expect(first["jti"]?.string?.isEmpty == false && second["jti"] == first["jti"])
            #expect(second["exp"]?.integer == (h.clock.now + 300).seconds)
            #expect(try await claims(completed(.confirm, h))["jti"] != first["jti"])
        }
    }

    @Test func `an approval that was acknowledged approves nothing else, and the same request asks anew`() async throws
    {
        try await Harness.run { h in
            let token = try await h.tokens().access
            let asked = try await completed(.confirm, h, token: token)
            #expect(try await Asked(h.ask(token)).id == asked.id)
            #expect(try await h.call(.delete, asked.path + "/result").status == .noContent)
            let stored = try #require(try await h.stored(asked))
            let found = try await h.gatehouse.store.read { [now = h.clock.now] in
                try $0.elicitations.find(
                    digest: stored.digest, session: stored.sessionID, resource: stored.resourceID, now: now)
            }
            #expect(found == nil)
            #expect(try await h.ask(token).status == .created)
        }
    }

    @Test func `an approval cannot be spent once its session has ended, and a secret is erased all the same`()
        async throws
    {
        try await Harness.run { h in
            let (approval, secret) = (try await completed(.confirm, h), try await completed(.secret, h))
            for asked in [approval, secret] {
                #expect(try await h.call(.get, asked.path + "/result").status == .ok)
                let session = try #require(try await h.stored(asked)).sessionID
                _ = try await h.gatehouse.store.write { [now = h.clock.now] in
                    try $0.sessions.end(session, .byAdmin(at: now))
                }
                #expect(try await h.call(.get, asked.path + "/result").error == "session_ended")
            }
            let refused = try await h.call(.delete, approval.path + "/result")
            #expect(refused.status == .conflict && refused.error == "session_ended")
            #expect(try await h.stored(approval)?.collectedAt == nil)
            #expect(try await h.call(.delete, secret.path + "/result").status == .noContent)
            #expect(try await h.stored(secret)?.content == nil)
        }
    }

    @Test func `of twenty callers with claims one gets the approval, and may repeat its claim`() async throws {
        try await Harness.run { h in
            let asked = try await completed(.confirm, h)
            @Sendable func claim(_ name: String) async throws -> TestResponse {
                try await h.call(.delete, asked.path + "/result?claim=\(name)")
            }
            let answers = try await withThrowingTaskGroup(of: (String, TestResponse).self) { group in
                for number in 0..<20 {
                    group.addTask {
                        _ = try await h.call(.get, asked.path + "/result")
                        return ("c\(number)", try await claim("c\(number)"))
                    }
                }
                return try await group.reduce(into: [(String, TestResponse)]()) { $0.append($1) }
            }
            let winners = answers.filter { $0.1.status == .noContent }
            #expect(winners.count == 1)
            #expect(answers.filter { $0.1.status == .gone && $0.1.error == "already_collected" }.count == 19)
            let winner = try #require(winners.first?.0)
            #expect(try await claim(winner).status == .noContent, "its answer may have been lost")
            #expect(try await h.call(.delete, asked.path + "/result").status == .noContent, "no claim, no contest")
            #expect(try await claim("c99").status == .gone)
            #expect(try await h.records(.elicitationCollected).count == 1)
            #expect(try await h.stored(asked)?.claimDigest == Digest.sha256(winner))
        }
    }

    @Test func `what one request collected is no other caller's, and no claim outlives the time of the result`()
        async throws
    {
        try await Harness.run { h in
            let asked = try await completed(.confirm, h)
            #expect(try await h.call(.post, asked.path + "/result").status == .ok)
            #expect(try await h.call(.delete, asked.path + "/result?claim=c1").status == .gone)
            #expect(try await h.call(.delete, asked.path + "/result").status == .noContent)
            let late = try await completed(.confirm, h)
            h.clock.advance(by: 900)
            #expect(try await h.call(.get, late.path + "/result").error == "already_collected")
            #expect(try await h.call(.delete, late.path + "/result?claim=c1").status == .gone)
            let unspent = try await h.call(.delete, late.path + "/result")
            #expect(unspent.status == .gone && unspent.error == "already_collected", "it was never spent")
            #expect(try await h.stored(late)?.collectedAt == nil)
            let secret = try await completed(.secret, h)
            h.clock.advance(by: 900)
            #expect(try await h.call(.delete, secret.path + "/result").status == .noContent, "it is gone")
        }
    }

    @Test(arguments: ["", "a%20b", "%C3%A9", String(repeating: "x", count: 129)])
    func `a malformed claim is refused and spends nothing`(claim: String) async throws {
        try await Harness.run { h in
            let asked = try await completed(.confirm, h)
            let answer = try await h.call(.delete, asked.path + "/result?claim=\(claim)")
            #expect(answer.status == .badRequest && answer.error == "invalid_request")
            #expect(try await h.stored(asked)?.collectedAt == nil)
        }
    }
}
