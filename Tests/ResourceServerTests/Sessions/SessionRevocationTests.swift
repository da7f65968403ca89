import JOSE
import Synchronization
import Testing

@testable import ResourceServer

@Suite("CAEP session-revoked at a resource server")
struct SessionRevocationTests {
    /// The examples of the specification, as it prints them but for the line breaks inside of names.
    private static let official: [(subject: JSONObject, payload: JSONObject, session: String?, user: String?)] = [
        (
            ["format": "opaque", "id": "dMTlD|1600802906337.16|16008.16"], ["event_timestamp": 1_615_304_991_643],
            "dMTlD|1600802906337.16|16008.16", nil
        ),
        (
            [
                "format": "complex", "session": ["format": "opaque", "id": "dMTlD|1600802906337.16|16008.16"],
                "user": [
                    "format": "iss_sub", "iss": "https://idp.example.com/123456789/",
                    "sub": "99beb27c-c1c2-4955-882a-e0dc4996fcbc",
                ],
                "tenant": ["format": "opaque", "id": "123456789"],
            ],
            [
                "initiating_entity": "policy", "reason_admin": ["en": "Landspeed Policy Violation: C076E82F"],
                "reason_user": ["en": "Access attempt from multiple regions."], "event_timestamp": 1_615_304_991_643,
            ],
            "dMTlD|1600802906337.16|16008.16", "99beb27c-c1c2-4955-882a-e0dc4996fcbc"
        ),
        (
            [
                "format": "complex",
                "user": [
                    "format": "iss_sub", "iss": "https://idp.example.com/123456789/", "sub": "jane.smith@example.com",
                ],
                "device": [
                    "format": "iss_sub", "iss": "https://idp.example.com/123456789/",
                    "sub": "e9297990-14d2-42ec-a4a9-4036db86509a",
                ],
                "tenant": ["format": "opaque", "id": "123456789"],
            ],
            ["initiating_entity": "policy", "event_timestamp": 1_615_304_991_643], nil, "jane.smith@example.com"
        ),
    ]

    @Test(arguments: official.indices)
    func `the official examples are understood`(index: Int) throws {
        let example = Self.official[index]
        let claims: JSONObject = [
            "iss": "https://idp.example.com/123456789/", "jti": "24c63fb56e5a2d77a6b512616ca9fa24",
            "iat": 1_615_305_159, "aud": "https://sp.example.com/caep", "txn": 8_675_309,
            "sub_id": .object(example.subject),
            "events": .object([SessionScene.caep: .object(example.payload)]),
        ]
        guard case .revocation(let event) = try #require(ReceivedEvent(claims)) else {
            Issue.record("it was taken for another event")
            return
        }
        #expect(event.sessionID == example.session && event.subject == example.user)
        #expect(event.id == "24c63fb56e5a2d77a6b512616ca9fa24" && event.issuedAt == 1_615_305_159)
        #expect(event.initiator == (index == 0 ? nil : .policy))
        #expect(event.reason == (index == 1 ? "Landspeed Policy Violation: C076E82F" : nil))
    }

    @Test func `a handler gets session, initiator and reason once`() async throws {
        let heard = Mutex<[SessionRevocation]>([])
        let ear = SessionEar { event in heard.withLock { $0.append(event) } }
        try await SessionScene.play(ear: ear) { (scene) async throws in
            let event = try scene.revoked()
            for _ in 0..<2 { #expect(await scene.push(event).status == 202) }
            let events = heard.withLock { $0 }
            #expect(events.count == 1 && events.first?.sessionID == "ses_1" && events.first?.subject == "sub_1")
            #expect(events.first?.initiator == .admin)
            #expect(events.first?.reason == "An administrator ended the session.")
        }
    }

    @Test(arguments: ["sub_id", "jti", "iat", "iss", "aud"])
    func `an event without subject or audience ends no session`(claim: String) async throws {
        try await SessionScene.play { (scene) async throws in
            #expect(try await scene.push(scene.revoked("ses_1", [claim: nil])).status == 400)
            #expect(try await scene.refused(scene.token()) == nil)
        }
    }

    @Test func `a failing handler does not keep tokens valid`() async throws {
        struct Failure: Error {}
        try await SessionScene.play(ear: SessionEar { _ in throw Failure() }) { (scene) async throws in
            #expect(try await scene.push(scene.revoked()).status == 503)
            #expect(try await scene.refused(scene.token()) == .invalidToken)
        }
    }

    @Test func `the MCP server revokes its own sessions only`() async throws {
        try await SessionScene.play { (scene) async throws in
            let sessions = Sessions(scene.elicitations)
            try await sessions.revokeSession("ses_1")
            #expect(scene.stream.read { $0.ended } == ["ses_1"])
            scene.stream.change { $0.endStatus = 404 }
            #expect(await fault { try await sessions.revokeSession("ses_2") }?.kind == .notFound)
        }
    }
}

@Suite("The memory of ended sessions")
struct RevokedSessionsTests {
    @Test func `an end is remembered until its tokens have expired, then forgotten`() {
        var sessions = RevokedSessions(limit: 2)
        sessions.remember("a", now: 0)
        sessions.remember("a", now: 10)
        sessions.remember("b", now: 3659)
        #expect(sessions.contains("a") && sessions.contains("b"))
        sessions.remember("c", now: 3660)
        #expect(!sessions.contains("a") && sessions.contains("b") && sessions.contains("c"))
        #expect(sessions.doubtedUntil == nil)
    }

    @Test func `an end is remembered longer with a clock skew`() {
        var sessions = RevokedSessions(skew: 300)
        sessions.remember("a", now: 0)
        sessions.remember("b", now: 3899)
        #expect(sessions.contains("a"))
        sessions.remember("c", now: 3900)
        #expect(!sessions.contains("a") && sessions.forgottenAt == 3900)
    }

    @Test func `ends beyond the limit cast doubt on earlier tokens instead of being lost`() {
        var sessions = RevokedSessions(limit: 2)
        for (index, name) in ["a", "b", "c"].enumerated() { sessions.remember(name, now: Int64(index)) }
        #expect(sessions.doubtedUntil == 2)
        #expect(!sessions.contains("a") && !sessions.contains("c"))
        sessions.remember("d", now: 5)
        #expect(sessions.contains("d") && sessions.doubtedUntil == 2)
    }

    @Test func `memory stays bounded over a long time`() {
        var sessions = RevokedSessions(limit: 1000)
        for second in 0..<50_000 as Range<Int64> { sessions.remember("s\(second)", now: second * 10) }
        #expect(sessions.doubtedUntil == nil)
        #expect((0..<50_000).count { sessions.contains("s\($0)") } == 366)
    }
}
