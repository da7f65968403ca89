import JOSE
import OAuth
import Testing

@Suite("Elicitations: what an MCP server may ask")
struct ElicitationRequestTests {
    private static let now = Timestamp(seconds: 1_795_238_272)
    private static let action: JSONObject = [
        "name": "delete_file", "summary": "Delete report.txt for good",
        "details": [["label": "File", "value": "report.txt"]], "arguments": ["path": "report.txt"],
    ]

    private func body(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
        var body: JSONObject = [
            "subject_token": "token", "kind": "confirm", "message": "May I delete a file?",
            "action": .object(Self.action),
        ]
        change(&body)
        return body
    }

    private func refusal(_ change: (inout JSONObject) -> Void) -> String? {
        do throws(OAuthError) {
            _ = try ElicitationRequest(json: body(change), now: Self.now)
            return nil
        } catch {
            return error.code == .invalidRequest ? error.description : "another code: \(error.code)"
        }
    }

    @Test func `a request to confirm is read whole, and lives 15 minutes unless it says otherwise`() throws {
        let request = try ElicitationRequest(json: body(), now: Self.now)
        #expect(request.draft.expiresIn == 900)
        #expect(request.draft.idempotencyKey == nil)
        guard let action = (request.draft.ask as? ConfirmRequest)?.action else { throw Unexpected() }
        #expect(action.name == "delete_file")
        #expect(action.details == [.init(label: "File", value: "report.txt")])
        #expect(action.arguments?["path"] == "report.txt")
        #expect(request.draft.digest == action.digest)
    }

    @Test func `the digest of an action does not depend on how it is spelled`() throws {
        var other = JSONObject()
        for (name, value) in Self.action.members.reversed() { other[name] = value }
        let one = try ElicitationAction(json: Self.action)
        #expect(try ElicitationAction(json: other).digest == one.digest)
        #expect(
            one.digest
                == .sha256(
                    #"{"arguments":{"path":"report.txt"},"details":[{"label":"File","value":"report.txt"}],"#
                        + #""name":"delete_file","summary":"Delete report.txt for good"}"#))
        other["summary"] = "Delete report.txt"
        #expect(try ElicitationAction(json: other).digest != one.digest)
    }

    @Test func `a refusal names the member and says what belongs there`() {
        #expect(refusal { $0["kind"] = "sign" } == "kind must be one of confirm, secret, connect, external.")
        #expect(refusal { $0["subject_token"] = nil } == "subject_token is missing.")
        #expect(refusal { $0["message"] = " " } == "message is empty.")
        #expect(refusal { $0["message"] = 1 } == "message must be a string.")
        #expect(
            refusal { $0["message"] = .string(String(repeating: "x", count: 501)) }
                == "message is too long; send at most 500 characters.")
        #expect(refusal { $0["expires_in"] = 59 } == "expires_in must be a whole number from 60 to 3600.")
        #expect(refusal { $0["action"] = nil } == "action is missing.")
        #expect(refusal { $0["action"] = ["name": "x"] } == "action.summary is missing.")
        #expect(
            refusal { $0["action"] = ["name": "x", "summary": "y", "note": "z"] }
                == "action.note is not known; the nearest known member is name.")
        #expect(
            refusal { $0["action"] = ["name": "x", "summary": "y", "details": [["label": "a", "value": 1]]] }
                == "action.details[0].value must be a string.")
        let many = JSON.array(Array(repeating: ["label": "a", "value": "b"], count: 21))
        #expect(
            refusal { $0["action"] = ["name": "x", "summary": "y", "details": many] }
                == "action.details is too long; send at most 20 entries.")
        #expect(
            refusal { $0["url"] = "https://pay.example" }
                == "url does not belong to the kind confirm; omit it.")
        #expect(
            refusal { $0["idempotency_key"] = "a b" }
                == "idempotency_key must consist of printable ASCII characters without spaces.")
        #expect(
            refusal { $0["action"] = ["name": "x", "summary": "y", "arguments": ["n": 9_007_199_254_740_993]] }?
                .hasPrefix("action has no canonical form.") == true)
    }

    @Test func `an end is a number of seconds or a date-time, within an hour, and never both`() throws {
        let end = "2026-11-21T05:17:52.9+00:00"
        let request = try ElicitationRequest(
            json: body { $0["expires_at"] = "2026-11-21T06:27:52.9+01:00" }, now: Self.now)
        #expect(request.draft.expiresIn == 600)
        let bounds = "expires_at must lie 60 to 3600 seconds ahead; it is 2026-11-21T05:17:52Z here."
        for text in ["2026-11-21T05:18:51Z", "2026-11-21T06:17:53Z", end, "2025-11-21T05:20:00Z"] {
            #expect(refusal { $0["expires_at"] = .string(text) } == bounds)
        }
        for value in ["tomorrow", "2026-11-21t05:20:00Z", "2026-11-21T05:20:00"] as [JSON] {
            #expect(
                refusal { $0["expires_at"] = value }
                    == "expires_at must be a date-time such as 2026-11-21T18:00:00Z or 2026-11-21T19:00:00+01:00.")
        }
        #expect(
            refusal { ($0["expires_at"], $0["expires_in"]) = ("2026-11-21T05:20:00Z", 128) }
                == "expires_at cannot be combined with expires_in; send one of them.")
    }

    @Test func `an unknown member is refused with the nearest known one`() {
        let cases = [
            ("expires_inn", "expires_in"), ("expire_at", "expires_at"), ("subject", "subject_token"), ("Kind", "kind"),
            ("idempotencyKey", "idempotency_key"), ("mesage", "message"),
        ]
        for (member, nearest) in cases {
            #expect(
                refusal { $0[member] = 1 } == "\(member) is not known; the nearest known member is \(nearest).")
        }
        #expect(refusal { $0["provider"] = .null } == nil, "a member of another kind without a value")
        #expect(refusal { $0["note"] = .null }?.hasPrefix("note is not known") == true, "even without a value")
        let long = String(repeating: "x", count: 60_000)
        #expect((refusal { $0[long] = 1 } ?? long).utf8.count < 200)
    }

    @Test func `length is counted in code points, so that one letter cannot carry a thousand marks`() {
        let letter = "a" + String(repeating: "\u{301}", count: 500)
        #expect(letter.count == 1)
        #expect(refusal { $0["message"] = .string(letter) } == "message is too long; send at most 500 characters.")
    }

    @Test(arguments: ["\u{202E}", "\u{2066}", "\u{200B}", "\u{FEFF}", "\u{E0041}", "\u{7}", "\u{3164}", "\u{E000}"])
    func `what a page could not show is not asked, since an approval would cover it unseen`(hidden: String) throws {
        let text = JSON.string("report\(hidden).txt")
        let code = try #require(hidden.unicodeScalars.first)
        let sentence =
            "holds the character U+\(String(code.value, radix: 16, uppercase: true)), which a page cannot show; omit it."
        #expect(refusal { $0["message"] = text } == "message \(sentence)")
        #expect(refusal { $0["action"] = ["name": "x", "summary": text] } == "action.summary \(sentence)")
        #expect(
            refusal { $0["action"] = ["name": "x", "summary": "y", "details": [["label": "a", "value": text]]] }
                == "action.details[0].value \(sentence)")
        // Arguments are shown as program text, where it is spelled out.
        #expect(refusal { $0["action"] = ["name": "x", "summary": "y", "arguments": ["a": text]] } == nil)
    }

    @Test(arguments: ["نمی\u{200C}خواهم", "👩\u{200D}👩\u{200D}👧", "❤\u{FE0F}", "two\nlines\tand a tab"])
    func `honest writing is asked as it is`(text: String) {
        #expect(refusal { $0["message"] = .string(text) } == nil)
    }

    @Test func `the other kinds have their own members`() throws {
        let external = try ElicitationRequest(
            json: body {
                $0["kind"] = "external"
                $0["action"] = nil
                $0["url"] = "https://pay.example/checkout?cart=7"
            }, now: Self.now)
        #expect((external.draft.ask as? ExternalRequest)?.url.text == "https://pay.example/checkout?cart=7")
        let connect = try ElicitationRequest(
            json: body {
                $0["kind"] = "connect"
                $0["action"] = nil
                $0["provider"] = "forge"
                $0["scope"] = "repo:read"
            }, now: Self.now)
        let account = try #require(connect.draft.ask as? ConnectAccountRequest)
        #expect(account.provider == "forge")
        #expect(account.scope == (try ScopeSet(parsing: "repo:read")))
        #expect(connect.draft.digest != external.draft.digest)
        for request in [external, connect] {
            let kept = try type(of: request.draft.ask).kind.read(request.draft.ask.json)
            #expect(AnyHashable(kept) == AnyHashable(request.draft.ask))
        }
    }

    @Test(arguments: ["http://pay.example/", "javascript:alert(1)", "https://", "/pay", "https://u:p@pay.example/"])
    func `an external page is a web address over https`(url: String) {
        #expect(
            refusal {
                $0["kind"] = "external"
                $0["action"] = nil
                $0["url"] = .string(url)
            } == "url must be an https:// URL.")
    }

    private struct Unexpected: Error {}
}

@Suite("RFC 8417 security event tokens and approvals")
struct SecurityEventTests {
    @Test func `a token names issuer, audience, time, its own id and one event about a person`() throws {
        let subject = Subject.random()
        let event = SecurityEvent(
            type: .elicitationCompleted, issuedAt: Timestamp(seconds: 1000), about: .person(subject),
            transaction: "eli_x", payload: ["elicitation": "eli_x"])
        let claims = event.claims(
            issuer: try Issuer("https://as.example"), audience: try ResourceIdentifier("https://files.example/mcp"))
        #expect(
            claims.text
                == #"{"iss":"https://as.example","aud":"https://files.example/mcp","iat":1000,"jti":"\#(event.id)","#
                + #""txn":"eli_x","sub_id":{"format":"iss_sub","iss":"https://as.example","sub":"\#(subject)"},"#
                + #""events":{"urn:gatehouse:event:elicitation-completed":{"elicitation":"eli_x"}}}"#)
        #expect(claims["exp"] == nil && claims["sub"] == nil)
    }

    @Test func `the end of a session is told of the session and its person, in the words of CAEP`() throws {
        let (session, subject) = (SessionID.random(), Subject.random())
        let event = SecurityEvent(
            type: .sessionRevoked, issuedAt: Timestamp(seconds: 1000), about: .session(session, of: .user(subject)),
            transaction: session.string, payload: ["event_timestamp": 1000, "initiating_entity": "admin"])
        let claims = event.claims(
            issuer: try Issuer("https://as.example"), audience: try ResourceIdentifier("https://files.example/mcp"))
        #expect(
            claims.text
                == #"{"iss":"https://as.example","aud":"https://files.example/mcp","iat":1000,"jti":"\#(event.id)","#
                + #""txn":"\#(session)","sub_id":{"format":"complex","session":{"format":"opaque","id":"\#(session)"},"#
                + #""user":{"format":"iss_sub","iss":"https://as.example","sub":"\#(subject)"}},"#
                + #""events":{"https://schemas.openid.net/secevent/caep/event-type/session-revoked":"#
                + #"{"event_timestamp":1000,"initiating_entity":"admin"}}}"#)
        #expect(claims["exp"] == nil && claims["sub"] == nil)
    }

    @Test func `the end of a session without a user names the application and no user`() throws {
        let session = SessionID.random()
        let event = SecurityEvent(
            type: .sessionRevoked, issuedAt: Timestamp(seconds: 1000),
            about: .session(session, of: .client(try ClientID("nightly"))), payload: [:])
        let subject = event.claims(
            issuer: try Issuer("https://as.example"), audience: try ResourceIdentifier("https://files.example/mcp"))[
                "sub_id"]
        #expect(
            subject?.text
                == #"{"format":"complex","session":{"format":"opaque","id":"\#(session)"},"#
                + #""application":{"format":"iss_sub","iss":"https://as.example","sub":"nightly"}}"#)
    }

    @Test func `every final status has its event, and no other has one`() {
        for status in ElicitationStatus.allCases {
            #expect((SecurityEventType(status) != nil) == status.isFinal)
        }
    }

    @Test func `an approval reads back as it was written, and lacks nothing`() throws {
        let approval = ApprovalClaims(
            issuer: try Issuer("https://as.example"), subject: .random(),
            audience: try ResourceIdentifier("https://files.example/mcp"), clientID: try ClientID("desk"),
            sessionID: .random(), elicitation: .random(), action: "delete_file", digest: .sha256("x"), tokenID: "t",
            issuedAt: Timestamp(seconds: 10), expiresAt: Timestamp(seconds: 310), authTime: Timestamp(seconds: 5))
        #expect(try ApprovalClaims(claims: approval.claims) == approval)
        for (name, _) in approval.claims.members {
            var less = approval.claims
            less[name] = nil
            #expect(throws: OAuthValueError.self) { try ApprovalClaims(claims: less) }
        }
    }
}
