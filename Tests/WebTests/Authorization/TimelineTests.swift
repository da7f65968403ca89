import AuthorizationServer
import Foundation
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The trace of an authorization")
struct TimelineTests {
    @Test func `a complete authorization is one timeline, under the reference of any of its pages`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            let browser = h.browser()
            let verifier = CodeVerifier.random()
            let page = try await h.authorize(browser, scene.request(verifier: verifier))
            #expect(try await h.signIn(browser, at: page, password: "wrong").status == .unauthorized)
            let moved = try await h.signIn(browser, at: page)
            let path = String((moved.headers[.location] ?? "").dropFirst("http://localhost".count))
            let consent = try await browser.get(path)
            let foreign = try await h.browser().get(path)
            #expect(foreign.status == .forbidden)
            let answer = try await h.decide(browser, at: consent)
            let code = FormText.decode(queryOf: answer.continuation ?? "")["code"]?.first ?? ""
            let grant = Redeemable(code: code, verifier: verifier.reveal())
            #expect(try await scene.redeem(grant, redirect: DocumentScene.redirect).status == .ok)
            #expect(try await scene.redeem(grant, redirect: DocumentScene.redirect).status == .badRequest)
            let rows = try await h.told(#require(foreign.reference))
            #expect(
                rows.steps == [
                    "arrived", "document_awaited", "sign_in_asked", "sign_in_refused", "signed_in", "document_fetched",
                    "consent_asked", "consent_shown", "consent_elsewhere", "approved", "redeemed", "redemption_refused",
                ])
            #expect(rows.details[0].contains(scene.host.id()) && rows.details[0].contains("127.0.0.1"))
            #expect(rows.details[5].contains("status 200") && rows.details[5].contains("kept for 300 s"))
            #expect(rows.details[6].contains("'Team Files', with 1 of"))
            let session = try #require(try await h.sessions().first)
            #expect(rows.details[10].contains(session.id.string))
            #expect(rows.details[11].contains("invalid_grant") && rows.details[11].contains("came twice"))
            #expect(h.gatehouse.traces.all.count == 1)
        }
    }

    @Test func `a denial, an incomplete decision and an expired request are distinguished`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            #expect(try await h.decide(browser, at: page, scopes: []).status == .badRequest)
            #expect(try await h.decide(browser, at: page, lifetime: "9h").status == .badRequest)
            #expect(try await h.decide(browser, at: page, "perhaps").status == .badRequest)
            #expect(try await h.decide(browser, at: page, "deny").status == .ok)
            let steps = try #require(h.gatehouse.traces.all.first).rows
            #expect(
                steps.steps.suffix(5) == [
                    "consent_shown", "consent_incomplete", "consent_incomplete", "consent_incomplete", "denied",
                ])
            #expect(steps.details.suffix(4).prefix(3).map { $0.contains("without a") } == [true, true, true])
            try await h.letAnHourPass(browser)
            #expect(try await h.decide(browser, at: page, "approve").status == .conflict)
            #expect(h.gatehouse.traces.all.first?.rows.steps.last == "consent_over")
        }
    }

    /// The change to a valid request, whether a user signs in, and the last step of the timeline.
    static let refusals: [(changes: [String: String?], signedIn: Bool, step: String, words: String)] = [
        (["client_id": nil], false, "refused", "Send the parameter client_id."),
        (["client_id": "nobody"], false, "refused", "unknown client nobody"),
        (["redirect_uri": "https://app.example/elsewhere-canary"], false, "refused", "the host is right, and path"),
        (["redirect_uri": "https://evil.example/callback-canary"], false, "refused", "the host evil.example"),
        (["redirect_uri": "https://app.example/callback#canary"], false, "refused", "Leave the fragment out"),
        (["redirect_uri": nil], false, "refused", "no redirect_uri was sent, and 2 are registered"),
        (["response_type": "token-canary"], true, "refused", "Use response_type=code"),
        (["response_mode": "mode-canary"], true, "refused", "Use response_mode=query"),
        (["request": "object-canary"], true, "refused", "Send plain parameters"),
        (["code_challenge": nil], true, "refused", "Use PKCE"),
        (["code_challenge": "short-canary"], true, "refused", "Refused with invalid_request"),
        (["code_challenge_method": "plain-canary"], true, "refused", "code_challenge_method=S256"),
        (["state": "state-canary\u{7}"], true, "refused", "Keep state below"),
        (["scope": "scope-canary\""], true, "refused", "A scope is 1 to 128 visible ASCII characters"),
        (["resource": "https://canary.example/mcp"], true, "refused", "what was named is not among them, and 1 are"),
        (["resource": "canary"], true, "refused", "Refused with invalid_target"),
        (["prompt": "none"], false, "refused", "login_required"),
        (["prompt": "none login-canary"], true, "refused", "Send prompt=none alone"),
    ]

    @Test(arguments: refusals.indices)
    func `each refusal leaves its step, and no value but the client and the redirect's host`(number: Int) async throws {
        let refusal = Self.refusals[number]
        try await Harness.run { h in
            let browser = h.browser()
            if refusal.signedIn { _ = try await h.consentPage(browser, h.request()) }
            let canaries = Canaries()
            let request = h.request(canaries.parameters.merging(refusal.changes) { $1 })
            let answer = try await h.authorize(browser, request)
            let reference = try #require(answer.reference ?? answer.redirectReference)
            let rows = try await h.told(reference)
            #expect(rows.steps.first == "arrived" && rows.steps.last == refusal.step, "\(rows.steps)")
            #expect(rows.details.last?.contains(refusal.words) ?? false, "\(rows.details)")
            let everything = h.gatehouse.traces.all.map { "\(JSON.array($0.rows.map(JSON.object)).text)" }.joined()
            #expect(!everything.contains("canary"), "\(everything)")
            for value in canaries.values { #expect(!everything.contains(value)) }
        }
    }

    @Test func `no timeline contains a username or a password`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.authorize(browser, h.request(["state": "state-canary"]))
            for number in 0..<7 {
                _ = try await h.signIn(browser, at: page, as: "name-canary", password: "password-canary-\(number)")
            }
            _ = try await h.signIn(browser, at: page)
            let rows = try #require(h.gatehouse.traces.all.first).rows
            #expect(rows.steps.contains("sign_in_refused") && rows.steps.contains("sign_in_delayed"))
            #expect(rows.steps.contains("signed_in") && rows.steps.last == "consent_asked")
            let everything = JSON.array(rows.map(JSON.object)).text
            #expect(!everything.contains("canary") && !everything.contains(Harness.password))
            #expect(!everything.contains("\"ada\"") && !everything.contains(page.input("interaction") ?? "?"))
        }
    }

    @Test(arguments: [
        ("/missing.json", "document_unavailable", "the status is 404"),
        ("/secret.json", "document_refused", "it may hold no client_secret"),
        ("/nothing.json", "document_refused", "strict JSON"),
    ])
    func `the cause of a failed fetch is shown to the operator, not to the user`(
        path: String, step: String, words: String
    ) async throws {
        try await DocumentScene.play { scene in
            scene.host.publish(["client_secret": "s"], at: "/secret.json")
            scene.host.answer(LoopbackServer.http("200 OK", body: "nothing"), at: "/nothing.json")
            let page = try await scene.consentPage(scene.h.browser(), path: path)
            let reference = try #require(page.reference)
            let rows = try await scene.h.told(reference)
            #expect(rows.steps.suffix(2) == [step, "refused"])
            #expect(rows.details.dropLast().last?.contains(words) ?? false, "\(rows.details)")
            #expect(step == "document_refused" || !page.text.contains(words))
        }
    }

    @Test func `a client that is blocked while the page is open is reported with the cause`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            let page = try await h.consentPage(browser, h.request())
            try await h.gatehouse.store.write { [id = h.registered.id, now = h.clock.now] in
                try $0.clientRules.set(ClientRule(.client(id), .block, createdAt: now))
            }
            let answer = try await h.decide(browser, at: page)
            #expect(answer.status == .badRequest)
            let rows = try await h.told(#require(answer.reference))
            #expect(rows.steps.last == "refused" && rows.details.last?.contains("the client is blocked") ?? false)
        }
    }

    @Test func `an error at the client's redirect contains the reference and not the cause`()
        async throws
    {
        try await Harness.run { h in
            let browser = h.browser()
            _ = try await h.consentPage(browser, h.request())
            let answer = try await h.authorize(browser, h.request(["resource": "https://other.example/mcp"]))
            #expect(answer.status == .seeOther)
            let location = try #require(answer.headers[.location])
            let reference = try #require(answer.redirectReference)
            #expect(!location.contains("open to this client".replacing(" ", with: "%20")))
            #expect(try await h.told(reference).details.last?.contains("1 are open to this client") ?? false)
        }
    }

    @Test func `a lost sign-in page and an unknown reference are each one sentence`() async throws {
        try await Harness.run { h in
            let answer = try await h.browser().post(
                "/login", [("interaction", "x"), ("username", "a"), ("password", "b")])
            #expect(try await h.told(#require(answer.reference)).steps == ["sign_in_lost"])
            await #expect(throws: AdministrationError.self) { try await h.told("unknown") }
            let without = Administration(store: h.gatehouse.store, keys: nil, clock: h.clock.wall)
            let error = await #expect(throws: AdministrationError.self) {
                try await without.run(.doctor(.attempt(reference: "x")), by: .current)
            }
            #expect(error == .noTimelines)
        }
    }
}

/// Values that must not appear anywhere, in every place of a request.
private struct Canaries {
    let parameters: [String: String?] = [
        "state": "state-canary", "nonce": "nonce-canary", "login_hint": "hint-canary", "ui_locales": "locale-canary",
        "unknown": "unknown-canary", "code_challenge": CodeChallenge(for: .random()).string,
        "scope": "files:read scope-canary",
    ]

    var values: [String] { ["files:read", parameters["code_challenge"].flatMap(\.self) ?? "?"] }
}

extension Harness {
    /// The timeline of a reference, as the operator sees it.
    fileprivate func told(_ reference: String) async throws -> [JSONObject] {
        let administration = Administration(
            store: gatehouse.store, keys: nil, diagnostics: Diagnostics(traces: gatehouse.traces),
            clock: clock.wall)
        return try await administration.run(.doctor(.attempt(reference: reference)), by: .current).rows
    }
}

extension [JSONObject] {
    fileprivate var steps: [String] { compactMap { $0["step"]?.string } }
    fileprivate var details: [String] { compactMap { $0["detail"]?.string } }
}

extension TestResponse {
    /// The reference on an error page.
    fileprivate var reference: String? {
        guard let start = text.range(of: "Reference <code>") else { return nil }
        return String(text[start.upperBound...].prefix { $0.isHexDigit })
    }

    /// The reference in the sentence that a redirect brings to the client.
    fileprivate var redirectReference: String? {
        let sentence = FormText.decode(queryOf: headers[.location] ?? "")["error_description"]?.first
        guard let sentence, let start = sentence.range(of: "Reference: ") else { return nil }
        return String(sentence[start.upperBound...].prefix { $0.isHexDigit })
    }
}
