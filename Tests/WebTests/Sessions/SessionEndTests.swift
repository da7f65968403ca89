import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("The end of a session: every cause, every grant, every later use")
struct SessionEndTests {
    @Test(arguments: EndCause.allCases, EarnedBy.allCases)
    func `every grant of an ended session is worthless`(
        cause: EndCause, earned: EarnedBy
    ) async throws {
        let lifetime = cause == .idle ? "30d" : "12h"
        try await LiveScene.play(earned, lifetime: lifetime, documents: cause.isOfDocuments) { scene in
            try await cause.happen(in: scene)
            let ended = try await EndedState(scene)
            expectEnd(ended, by: cause)
            try await expectRefusals(in: scene, after: cause)
            #expect(try await EndedState(scene) == ended)
        }
    }

    /// Expects one record, one event if there is a recipient, and no grant of the session left.
    private func expectEnd(_ ended: EndedState, by cause: EndCause) {
        #expect(ended.session?.state == (cause.isExpiry ? .expired : .ended))
        #expect(ended.session?.endReason == cause.reason && ended.session?.endedBy == cause.initiator)
        #expect(ended.records.count { $0.action == .sessionEnded } == 1)
        #expect(ended.events.count == (cause.isTold ? 1 : 0))
        #expect(!ended.codes && !ended.isContentKept)
        #expect(ended.elicitations == [cause.isExpiry ? .expired : .cancelled, .completed])
    }

    private func expectRefusals(in scene: LiveScene, after cause: EndCause) async throws {
        let (h, tokens) = (scene.h, scene.tokens)
        // A removed MCP server and a removed client cannot authenticate.
        let isServed = cause != .resourceRemoved
        #expect(["invalid_grant", "invalid_client"].contains(try await h.refresh(tokens.refresh).error))
        #expect(["invalid_grant", "invalid_client"].contains(try await h.redeem(scene.code).error))
        let asked = try await h.send(
            "/introspect", [("token", tokens.access)], basic: (h.resource.id.string, h.resourceSecret.reveal()))
        #expect(isServed ? asked.text == #"{"active":false}"# : asked.error == "invalid_client")
        let created = try await h.ask(tokens.access)
        #expect(created.error == (isServed ? "invalid_subject_token" : "invalid_client"))
        let status = try await h.call(.get, scene.open.path)
        let over = cause.isExpiry ? "expired" : "cancelled"
        #expect(isServed ? status.json["status"]?.string == over : status.error == "invalid_client")
        let result = try await h.call(.post, scene.done.path + "/result")
        let refusal = cause.isExpiry ? "already_collected" : "session_ended"
        #expect(result.error == (isServed ? refusal : "invalid_client") && result.json["approval"] == nil)
        let exchanged = try await h.providers.exchange(tokens.access)
        #expect(exchanged.error == (isServed ? "invalid_request" : "invalid_client"))
        #expect(exchanged.json["access_token"] == nil)
        for token in [tokens.access, tokens.refresh ?? ""] {
            let revoked = try await h.send("/revoke", [("token", token), ("client_id", h.registered.id.string)])
            #expect(revoked.status == .ok || revoked.error == "invalid_client")
        }
        #expect(try await h.call(.delete, "/sessions/\(scene.id)").status == (isServed ? .noContent : .unauthorized))
        let page = try await scene.browser.get(scene.open.page)
        #expect(!page.text.contains("value=\"approve\""))
        _ = try await h.press(scene.browser, scene.open, "approve", at: scene.page)
    }

    /// The causes that can end a session whose code waits to be redeemed.
    private static let early: [EndCause] = [
        .admin, .person, .resource, .userDisabled, .clientBlocked, .clientRemoved, .resourceRemoved, .hostExcluded,
        .time,
    ]

    @Test(arguments: early)
    func `a code of a session that ended before it was redeemed is worthless, and its page gives no other`(
        cause: EndCause
    ) async throws {
        try await LiveScene.play(.code, documents: cause.isOfDocuments) { live in
            let h = live.h
            let verifier = CodeVerifier.random()
            let page = try await h.consentPage(live.browser, h.request(verifier: verifier))
            let approved = try await h.decide(live.browser, at: page)
            let text = FormText.decode(queryOf: approved.continuation ?? "")["code"]?.first ?? ""
            let code = Redeemable(code: text, verifier: verifier.reveal())
            let id = try #require(try await h.sessions().first { $0.state == .approved }?.id)
            let scene = LiveScene(
                h: h, browser: live.browser, id: id, code: code, tokens: live.tokens, open: live.open,
                page: live.page, done: live.done)
            try await cause.happen(in: scene)
            let ended = try await EndedState(scene)
            #expect(!ended.codes && ended.generation == 0)
            #expect(ended.session?.state == (cause.isExpiry ? .expired : .ended))
            #expect(["invalid_grant", "invalid_client"].contains(try await h.redeem(code).error))
            #expect(try await h.decide(live.browser, at: page).continuation == nil)
            #expect(try await EndedState(scene) == ended)
            #expect(ended.records.map(\.action) == [.sessionEnded, .sessionApproved])
        }
    }

    @Test func `a blocked host ends the sessions of its clients, and of no others`() async throws {
        try await DocumentScene.play { scene in
            let h = scene.h
            _ = try await h.poll()
            let other = try await h.tokens()
            let tokens = try await scene.tokens()
            try await h.administer(.clients(.block(DocumentHost.name)))
            #expect(try await h.introspect(tokens.access)["active"] == false)
            #expect(try await scene.refresh(tokens.refresh).status != .ok)
            #expect(try await h.refresh(other.refresh).status == .ok)
            let ended = try #require(try await h.sessions().first { $0.state == .ended })
            #expect(ended.endReason == .clientBlocked && ended.endedBy == .admin)
            #expect(try await h.gatehouse.store.read { try $0.events.find(of: ended.id) } != nil)
            #expect(try await h.records(.sessionEnded).map(\.session) == [ended.id])
        }
    }

    @Test func `a simultaneous refresh and revocation issue nothing after the end`()
        async throws
    {
        try await Harness.run { h in
            _ = try await h.poll()
            for _ in 0..<20 {
                let tokens = try await h.tokens()
                let id = try #require(try await h.sessions().last { $0.state == .active }?.id)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 { group.addTask { _ = try await h.refresh(tokens.refresh) } }
                    for _ in 0..<2 { group.addTask { _ = try await h.call(.delete, "/sessions/\(id)") } }
                    group.addTask { try await EndCause.end(id, in: h) }
                    try await group.waitForAll()
                }
                let records = try await h.gatehouse.store.read { try $0.audit.tail(limit: 500) }.map(\.entry)
                let own = records.filter { $0.session == id }.map(\.action)
                #expect(own.first == .sessionEnded && own.count { $0 == .sessionEnded } == 1)
                #expect(try await h.gatehouse.store.read { try $0.events.find(of: id) } != nil)
                #expect(try await h.refresh(tokens.refresh).error == "invalid_grant")
                #expect(try await h.introspect(tokens.access)["active"] == false)
            }
            #expect(try await h.gatehouse.store.read { try $0.audit.verify() }.defect == nil)
        }
    }
}

extension EndCause {
    /// Ends the session as an administrator; a second call has no effect.
    fileprivate static func end(_ id: SessionID, in h: Harness) async throws {
        do {
            try await h.administer(.sessions(.revoke(SessionSelection(ids: [id.string]), reason: nil)))
        } catch let error as AdministrationError {
            #expect(error.kind == .notFound)
        }
    }
}

@Suite("DELETE /sessions/{sid}")
struct SessionEndpointTests {
    @Test func `an MCP server ends its own session once, and gets the event`()
        async throws
    {
        try await Harness.run { h in
            _ = try await h.poll()
            let tokens = try await h.tokens()
            let id = try #require(try await h.sessions().first?.id)
            for _ in 0..<2 {
                let answer = try await h.call(.delete, "/sessions/\(id)")
                #expect(answer.status == .noContent && answer.text.isEmpty)
                #expect(answer.headers[.cacheControl] == "no-store")
            }
            #expect(try await h.introspect(tokens.access)["active"] == false)
            let records = try await h.records(.sessionEnded)
            #expect(records.count == 1 && records.first?.actor == .resource(h.resource.id))
            #expect(records.first?.initiator == .server && records.first?.reason == "revoked_by_resource")
            #expect(try await h.poll().json["sets"]?.object?.members.count == 1)
        }
    }

    @Test func `another's session and an unknown one get the same response, and nothing ends`() async throws {
        try await Harness.run { h in
            let other = try await h.addServer("https://other.example/mcp")
            let tokens = try await h.tokens()
            let id = try #require(try await h.sessions().first?.id)
            let unknown = try await h.call(.delete, "/sessions/\(SessionID.random())")
            let answers = [
                try await h.call(.delete, "/sessions/\(id)", as: other),
                try await h.call(.delete, "/sessions/nonsense"),
                try await h.call(.delete, "/sessions/\(id)x"),
            ]
            #expect(unknown.status == .notFound && unknown.error == "not_found")
            for answer in answers { #expect(answer.status == .notFound && answer.text == unknown.text) }
            let stranger = AskingServer(resource: h.resource, secret: .random())
            #expect(try await h.call(.delete, "/sessions/\(id)", as: stranger).error == "invalid_client")
            let nobody = try await h.client.execute(uri: "/sessions/\(id)", method: .delete)
            #expect(nobody.status == .unauthorized)
            #expect(nobody.headers[.wwwAuthenticate]?.hasPrefix("Basic ") == true)
            #expect(try await h.refresh(tokens.refresh).status == .ok)
            #expect(try await h.records(.sessionEnded).isEmpty)
        }
    }

    @Test func `an MCP server learns whether its events reach it`() async throws {
        try await Harness.run { h in
            func status() async throws -> JSONObject { try await h.call(.get, "/events/status").json }
            let aud = JSON.string(h.resource.identifier.string)
            #expect(try await status() == ["aud": aud, "delivery": "poll", "status": "paused"])
            _ = try await h.poll()
            #expect(try await status() == ["aud": aud, "delivery": "poll", "status": "enabled"])
            _ = try await h.tokens()
            let id = try #require(try await h.sessions().first?.id)
            _ = try await h.call(.delete, "/sessions/\(id)")
            let since = JSON.integer(h.clock.now.seconds)
            h.clock.advance(by: 7)
            #expect(
                try await status() == ["aud": aud, "delivery": "poll", "status": "enabled", "waiting_since": since])
            // One that was given up is no less an end that the MCP server does not know of.
            let event = try #require(try await h.gatehouse.store.read { try $0.events.find(of: id) }?.event.id)
            let error: JSONObject = ["err": "invalid_audience", "description": "not mine"]
            let refused: JSONObject = ["returnImmediately": true, "setErrs": .object([event.string: .object(error)])]
            _ = try await h.call(.post, "/events/poll", refused)
            #expect(try await h.gatehouse.store.read { try $0.events.find(event) }?.state == .dead)
            #expect(try await status()["waiting_since"] == since)
            h.clock.advance(by: 3_593)
            #expect(try await status()["waiting_since"] == nil)
            let (resource, endpoint, now) = (h.resource.id, "https://files.example/events", h.clock.now)
            try await h.gatehouse.store.write {
                try $0.eventStreams.set(eventsEndpoint: endpoint, of: resource, now: now)
            }
            #expect(try await status()["status"] == "paused")
            try await h.gatehouse.store.write { tx in
                try tx.eventStreams.begin(endpoint, of: resource, now: now)
                try tx.eventStreams.activate(endpoint, of: resource, now: now)
            }
            let proven = try await status()
            #expect(proven["status"] == "enabled" && proven["delivery"] == "push")
            #expect(proven["since"]?.integer == now.seconds)
            _ = try await h.gatehouse.store.write {
                try $0.eventStreams.disable(endpoint, of: resource, answer: EventAnswer(status: 410))
            }
            #expect(try await status()["status"] == "disabled")
            #expect(try await h.client.execute(uri: "/events/status", method: .get).status == .unauthorized)
        }
    }
}
