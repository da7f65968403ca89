import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import Outbound
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Client ID Metadata Document §5.1 A document that cannot be had")
struct DocumentFaultTests {
    private static let json = "Content-Type: application/json"

    static let faults: [(reply: LoopbackServer.Reply, word: String)] = [
        (LoopbackServer.http("404 Not Found", body: "{}"), "was not found (404)"),
        (LoopbackServer.http("410 Gone", body: "{}"), "was not found (410)"),
        (LoopbackServer.http("302 Found", "Location: /elsewhere.json", body: ""), "redirects to another address"),
        (LoopbackServer.http("308 Permanent Redirect", "Location: /client.json", body: ""), "redirects"),
        (LoopbackServer.http("403 Forbidden", body: ""), "(403)"),
        (LoopbackServer.http("204 No Content", body: ""), "is answered with status 204 instead of 200"),
        (LoopbackServer.http("200 OK", "Content-Type: text/html", body: "<html></html>"), "not served as application"),
        (LoopbackServer.http("200 OK", "Content-Type: text/plain", body: "{}"), "not served as application/json"),
        (LoopbackServer.http("200 OK", json, body: String(repeating: " ", count: 70_000)), "is too large"),
        (LoopbackServer.http("200 OK", json, body: "<html>"), "must be strict JSON"),
    ]

    @Test(arguments: faults.indices)
    func `a document that is unusable by its own fault is said to be so with 400`(number: Int) async throws {
        let fault = Self.faults[number]
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            scene.host.answer(fault.reply)
            let page = try await scene.consentPage(browser)
            #expect(page.status == .badRequest)
            #expect(page.text.contains(fault.word), "\(fault.word)")
            #expect(page.headers[.retryAfter] == nil && page.headers[.location] == nil && page.continuation == nil)
            #expect(try await scene.nothingIsKept())
            scene.host.publish()
            #expect(try await scene.consentPage(browser).status == .ok, "no failure is remembered")
            #expect(scene.host.fetches == 2, "a redirect is not followed")
        }
    }

    static let failures: [LoopbackServer.Reply] = [
        LoopbackServer.http("500 Internal Server Error", body: "{}"), LoopbackServer.http("502 Bad Gateway", body: ""),
        LoopbackServer.http("503 Service Unavailable", body: ""),
        LoopbackServer.http("429 Too Many Requests", body: ""),
        .bytes("nonsense\r\n\r\n", thenClose: true), .bytes("", thenClose: true),
    ]

    @Test(arguments: failures.indices)
    func `a host that fails is 503 with Retry-After, and is not described`(number: Int) async throws {
        try await DocumentScene.play { scene in
            let browser = try await scene.signedIn()
            scene.host.answer(Self.failures[number])
            let page = try await scene.consentPage(browser)
            #expect(page.status == .serviceUnavailable && page.headers[.retryAfter] != nil)
            #expect(page.headers[.location] == nil && page.continuation == nil)
            #expect(page.text.contains("cannot be fetched from its host"))
            #expect(try await scene.nothingIsKept())
            scene.host.publish()
            #expect(try await scene.consentPage(browser).status == .ok, "no failure is remembered")
        }
    }

    @Test func `a failure that would reveal the server's network has one sentence for all causes`() async throws {
        let causes: [OutboundFailure] = [
            .unresolvable(host: "a.example"), .refusedAddress(host: "a.example", address: "10.0.0.1"),
            .unreachable("refused"), .deadline, .interrupted, .untrusted("certificate"), .malformed("x"), .busy,
            .overBudget(host: "a.example"), .rulesUnavailable,
        ]
        #expect(causes.compactMap(\.documentFault).isEmpty)
    }

    @Test func `an exhausted budget is 503, and a completed fetch reports its finding`() async throws {
        var budget = FetchBudget()
        budget.perHost = 1
        try await DocumentScene.play(budget: budget) { scene in
            let browser = try await scene.signedIn()
            scene.host.answer(LoopbackServer.http("404 Not Found", body: "{}"))
            #expect(try await scene.consentPage(browser).status == .badRequest)
            let spent = try await scene.consentPage(browser)
            #expect(spent.status == .serviceUnavailable && spent.headers[.retryAfter] != nil)
            #expect(scene.host.fetches == 1)
        }
    }

    @Test func `a refresh without a document left to go by says the same and spends nothing`() async throws {
        try await DocumentScene.play { scene in
            let tokens = try await scene.tokens()
            let id = try ClientID(scene.host.id())
            #expect(try await scene.h.gatehouse.store.write { try $0.documents.forget(id) })
            scene.host.answer(LoopbackServer.http("404 Not Found", body: "{}"))
            let gone = try await scene.refresh(tokens.refresh)
            #expect(gone.status == .badRequest && gone.error == "unauthorized_client")
            #expect(gone.json["error_description"]?.string?.contains("was not found (404)") == true)
            #expect(gone.headers[.retryAfter] == nil)
            scene.host.answer(LoopbackServer.http("503 Service Unavailable", body: ""))
            let down = try await scene.refresh(tokens.refresh)
            #expect(down.status == .serviceUnavailable && down.headers[.retryAfter] != nil)
            #expect(try await scene.h.sessions().map(\.state) == [.active])
            scene.host.publish()
            #expect(try await scene.refresh(tokens.refresh).status == .ok)
        }
    }

    @Test func `a client whose host turns servers away is pinned as the doctor says, and gets its tokens`()
        async throws
    {
        try await DocumentScene.play { scene in
            scene.host.answer(LoopbackServer.http("403 Forbidden", body: ""))
            let id = scene.host.id()
            let trial = ClientProbe(
                store: scene.h.gatehouse.store, fetcher: try scene.host.fetcher(scene.h.gatehouse.store),
                settings: scene.h.gatehouse.settings, log: CapturedLog().logger)
            let administration = Administration(
                store: scene.h.gatehouse.store, keys: nil, diagnostics: Diagnostics(trial: trial),
                clock: scene.h.clock.wall)
            let last = try await administration.run(.doctor(.client(id)), by: .current).rows.last
            let words = "gatehouse clients add --id \(id) --name NAME --redirect-uri URI"
            #expect(last?["detail"]?.string?.contains(words) == true)
            #expect(try await scene.consentPage(scene.h.browser()).status == .badRequest)
            let draft = ClientDraft(
                id: id, name: "Travelling Notebook", redirectURIs: ["http://127.0.0.1/callback"], authMethod: "none",
                resources: [])
            _ = try await administration.run(.clients(.add(draft)), by: .current)
            let fetches = scene.host.fetches
            let tokens = try await scene.tokens()
            #expect(try await scene.refresh(tokens.refresh).status == .ok)
            #expect(scene.host.fetches == fetches, "a pin fetches nothing")
        }
    }
}

extension DocumentScene {
    fileprivate func nothingIsKept() async throws -> Bool {
        try await h.gatehouse.store.read {
            try $0.documents.list().isEmpty && $0.sessions.list(now: h.clock.now).isEmpty
        }
    }
}
