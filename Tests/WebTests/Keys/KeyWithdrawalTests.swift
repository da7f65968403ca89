import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Keys that their owner withdrew")
struct KeyWithdrawalTests {
    private static let down = LoopbackServer.http("500 Internal Server Error", body: "")
    private static let gone = LoopbackServer.http("404 Not Found", body: "{}")

    @Test func `a key that left the document stops working within the hour, whatever its Cache-Control says`()
        async throws
    {
        try await DocumentScene.play { scene in
            let (old, new) = (AssertionKey(), AssertionKey())
            scene.publish([old])
            let tokens = try await scene.redeem(key: old).tokens
            let fetches = scene.host.fetches
            scene.publish([new])
            scene.h.clock.advance(by: 3_599)
            let refreshed = try await scene.refresh(tokens.refresh, key: old)
            #expect(refreshed.status == .ok && scene.host.fetches == fetches)
            scene.h.clock.advance(by: 1)
            let token = refreshed.tokens.refresh
            #expect(try await scene.refresh(token, key: old).error == "invalid_client")
            let revocation = try await scene.send("/revoke", [("token", token ?? "")], key: old)
            #expect(revocation.error == "invalid_client")
            #expect(try await scene.refresh(token, key: new).status == .ok)
            #expect(try await scene.h.sessions().map(\.state) == [.active])
            #expect(scene.host.fetches == fetches + 1)
        }
    }

    @Test(arguments: [
        KeyWithdrawalTests.gone, LoopbackServer.http("410 Gone", body: ""),
        LoopbackServer.http("302 Found", "Location: /x", body: ""),
        LoopbackServer.http("200 OK", body: "x"),
    ])
    func `a document that is gone or faulty takes its keys with it`(reply: LoopbackServer.Reply) async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            scene.publish([key])
            let tokens = try await scene.redeem(key: key).tokens
            scene.host.answer(reply)
            scene.h.clock.advance(by: 3_600)
            let fetches = scene.host.fetches
            for _ in 0..<3 {
                #expect(try await scene.refresh(tokens.refresh, key: key).error == "invalid_client")
            }
            #expect(scene.host.fetches == fetches + 1, "its host is not asked for each request")
            scene.h.clock.advance(by: 7_200)
            #expect(try await scene.refresh(tokens.refresh, key: key).error == "invalid_client")
            scene.publish([key])
            scene.h.clock.advance(by: 31)
            #expect(try await scene.refresh(tokens.refresh, key: key).status == .ok, "no refusal has spent the token")
        }
    }

    @Test func `while the host of a document fails, its keys count for an hour more`() async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            scene.publish([key])
            let tokens = try await scene.redeem(key: key).tokens
            scene.host.answer(Self.down)
            scene.h.clock.advance(by: 7_199)
            let refreshed = try await scene.refresh(tokens.refresh, key: key)
            #expect(refreshed.status == .ok)
            let fetches = scene.host.fetches
            #expect(try await scene.refresh(refreshed.tokens.refresh, key: key).status == .ok)
            #expect(scene.host.fetches == fetches, "a dead host makes one request wait, not each")
            scene.h.clock.advance(by: 1)
            #expect(try await scene.refresh(refreshed.tokens.refresh, key: key).status == .serviceUnavailable)
            scene.h.clock.advance(by: 60)
            #expect(try await scene.refresh(refreshed.tokens.refresh, key: key).status == .serviceUnavailable)
        }
    }

    @Test func `an assertion by an unknown key reads the document again, once a minute and for clients with sessions`()
        async throws
    {
        try await DocumentScene.play { scene in
            let (old, new) = (AssertionKey(), AssertionKey())
            scene.publish([old])
            #expect(try await scene.consentPage(scene.h.browser()).status == .ok)
            scene.h.clock.advance(by: 120)
            #expect(try await scene.refresh("x", key: new).error == "invalid_client")
            #expect(scene.host.fetches == 1, "nobody has approved the client yet")
            let tokens = try await scene.redeem(key: old).tokens
            scene.publish([new])
            let refreshed = try await scene.refresh(tokens.refresh, key: new)
            #expect(refreshed.status == .ok, "a new key works at once")
            #expect(try await scene.refresh(refreshed.tokens.refresh, key: old).error == "invalid_client")
            let fetches = scene.host.fetches
            for second in [0, 59, 60, 61] {
                if second > 0 { scene.h.clock.advance(by: second == 59 ? 59 : 1) }
                #expect(try await scene.refresh("x", key: AssertionKey()).error == "invalid_client")
            }
            #expect(scene.host.fetches == fetches + 1)
            scene.host.answer(Self.down)
            scene.h.clock.advance(by: 60)
            for _ in 0..<3 {
                #expect(try await scene.refresh("x", key: AssertionKey()).error == "invalid_client")
            }
            #expect(scene.host.fetches == fetches + 2, "neither is a dead host asked each time")
        }
    }

    @Test func `a pushed request is not proven by a key that left the document an hour ago`() async throws {
        try await DocumentScene.play { scene in
            let (old, new) = (AssertionKey(), AssertionKey())
            scene.publish([old])
            _ = try await scene.consentPage(scene.h.browser())
            #expect(try await scene.send("/par", scene.request(), key: old).status == .created)
            scene.publish([new])
            scene.h.clock.advance(by: 3_600)
            #expect(try await scene.send("/par", scene.request(), key: old).error == "invalid_client")
            #expect(try await scene.send("/par", scene.request(), key: new).status == .created)
        }
    }

    @Test(arguments: [
        KeyWithdrawalTests.gone, LoopbackServer.http("302 Found", "Location: /x", body: ""),
        LoopbackServer.http("200 OK", body: "x"),
        LoopbackServer.http("200 OK", "Content-Type: text/html", body: #"{"keys":[]}"#),
    ])
    func `a key set that is gone or faulty revokes its keys`(reply: LoopbackServer.Reply) async throws {
        try await DocumentScene.play { scene in
            let key = AssertionKey()
            scene.serve([key])
            scene.publish(keysAt: scene.host.id(DocumentScene.keySet))
            let tokens = try await scene.redeem(key: key).tokens
            scene.host.answer(reply, at: DocumentScene.keySet)
            scene.h.clock.advance(by: 3_600)
            for _ in 0..<2 {
                #expect(try await scene.refresh(tokens.refresh, key: key).error == "invalid_client")
            }
            scene.host.answer(Self.down, at: DocumentScene.keySet)
            scene.h.clock.advance(by: 10)
            #expect(
                try await scene.refresh(tokens.refresh, key: key).status == .serviceUnavailable,
                "the last good set has been dropped")
            scene.serve([key])
            scene.h.clock.advance(by: 10)
            #expect(try await scene.refresh(tokens.refresh, key: key).status == .ok)
        }
    }
}
