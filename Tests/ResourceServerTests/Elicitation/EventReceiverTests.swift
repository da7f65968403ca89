import JOSE
import OAuth
import Synchronization
import Testing

@testable import ResourceServer

@Suite("RFC 8935 pushed events at a resource server")
struct EventReceiverTests {
    private static let type = "application/secevent+jwt"

    /// The events of a handler, and whether it fails.
    private final class Ear: Sendable {
        struct Failure: Error {}
        let heard = Mutex<[ElicitationEvent]>([])
        let fails = Mutex(false)
        func hear(_ event: ElicitationEvent) throws {
            if fails.withLock({ $0 }) { throw Failure() }
            heard.withLock { $0.append(event) }
        }
        var count: Int { heard.withLock { $0.count } }
    }

    private func play(_ body: (ElicitationScene, EventReceiver, Ear) async throws -> Void) async throws {
        try await ElicitationScene.play { scene in
            let ear = Ear()
            _ = try await scene.elicitations.create(
                .confirm(try scene.action(), message: "m"), for: try await scene.access())
            try await body(scene, EventReceiver(scene.elicitations, sleep: { _ in }, handle: ear.hear), ear)
        }
    }

    private func push(_ receiver: EventReceiver, _ event: String, type: String? = type) async -> EventReply {
        await receiver.receive(Array(event.utf8), contentType: type)
    }

    private func error(_ reply: EventReply) -> String? {
        (try? JSONObject(parsing: reply.body))?["err"]?.string
    }

    @Test func `§2.2 a valid event is handled and answered 202 without a body`() async throws {
        try await play { scene, receiver, ear in
            let reply = await push(receiver, try scene.event("declined"), type: "Application/SecEvent+JWT; x=y")
            #expect(reply.status == 202 && reply.body.isEmpty)
            let event = ear.heard.withLock { $0.first }
            #expect(event?.elicitation == "eli_1" && event?.status == .declined && event?.subject == "sub_1")
            #expect(event?.version == 2 && event?.isWitnessed == true && event?.sessionID == "ses_1")
        }
    }

    @Test func `a repeated event is handled once and answered alike`() async throws {
        try await play { scene, receiver, ear in
            let event = try scene.event("completed")
            for _ in 0..<3 { #expect(await push(receiver, event).status == 202) }
            #expect(ear.count == 1)
            #expect(try await push(receiver, scene.event("completed", ["jti": "evt_2"])).status == 202)
            #expect(ear.count == 2)
        }
    }

    @Test func `an event that is being handled is deferred, not handled again`() async throws {
        try await ElicitationScene.play { scene in
            let (entered, enter) = AsyncStream<Void>.makeStream()
            let (released, release) = AsyncStream<Void>.makeStream()
            let calls = Mutex(0)
            let receiver = EventReceiver(scene.elicitations, sleep: { _ in }) { _ in
                calls.withLock { $0 += 1 }
                guard calls.withLock({ $0 }) == 1 else { return }
                enter.yield()
                for await _ in released { break }
            }
            let event = try scene.event("completed")
            async let first = push(receiver, event)
            for await _ in entered { break }
            let meanwhile = await push(receiver, event)
            #expect(meanwhile.status == 503 && meanwhile.fields["Retry-After"] != nil)
            release.yield()
            #expect(await first.status == 202)
            #expect(await push(receiver, event).status == 202)
            #expect(calls.withLock { $0 } == 1)
        }
    }

    @Test func `a failing handler gets the event again`() async throws {
        try await play { scene, receiver, ear in
            let event = try scene.event("completed")
            ear.fails.withLock { $0 = true }
            let refused = await push(receiver, event)
            #expect(refused.status == 503 && refused.fields["Retry-After"] != nil)
            ear.fails.withLock { $0 = false }
            #expect(await push(receiver, event).status == 202)
            #expect(ear.count == 1)
        }
    }

    @Test(
        arguments: [
            ("iss", "https://evil.example", "invalid_issuer"), ("iss", nil, "invalid_issuer"),
            ("aud", "http://127.0.0.1:9/other", "invalid_audience"), ("aud", nil, "invalid_audience"),
            ("jti", nil, "invalid_request"), ("iat", nil, "invalid_request"), ("events", nil, "invalid_request"),
            ("iat", 1_800_000_061, "invalid_request"), ("txn", "eli_2", "invalid_request"),
            ("sub_id", ["format": "opaque", "id": "x"], "invalid_request"),
            ("events", [:], "invalid_request"), ("events", ["a": [:], "b": [:]], "invalid_request"),
        ] as [(String, JSON?, String)])
    func `§2.4 an event for another party is refused for good`(
        claim: String, value: JSON?, code: String
    ) async throws {
        try await play { scene, receiver, ear in
            let reply = await push(receiver, try scene.event("completed", [claim: value]))
            #expect(reply.status == 400 && error(reply) == code)
            #expect(reply.fields["Content-Type"] == "application/json")
            #expect(ear.count == 0)
        }
    }

    @Test func `§2.4 a wrong key, a wrong type, another format are refused`() async throws {
        try await play { scene, receiver, ear in
            let forged = try scene.event("completed", key: SigningKey.generate())
            #expect(error(await push(receiver, forged)) == "invalid_key")
            let approval = try scene.event("completed", typ: "gatehouse-approval+jwt")
            #expect(error(await push(receiver, approval)) == "invalid_request")
            let token = try scene.event("completed", typ: "at+jwt")
            #expect(error(await push(receiver, token)) == "invalid_request")
            var changed = try scene.event("completed")
            changed.removeLast()
            #expect(await push(receiver, changed).status == 400)
            let good = try scene.event("completed")
            for type in ["application/json", "application/jwt", nil] {
                #expect(error(await push(receiver, good, type: type)) == "invalid_request")
            }
            #expect(ear.count == 0)
        }
    }

    @Test func `an unknown kind of event is acknowledged and ignored`() async throws {
        try await play { scene, receiver, ear in
            let event = try scene.event("completed", ["events": ["https://schemas.example/other": [:]]])
            #expect(await push(receiver, event).status == 202)
            #expect(ear.count == 0)
        }
    }

    @Test func `a verification's state is returned, and retried when that fails`() async throws {
        try await play { scene, receiver, ear in
            let type = "https://schemas.openid.net/secevent/ssf/event-type/verification"
            let event = try scene.event(
                "completed",
                [
                    "events": .object([type: ["state": "s-1"]]), "sub_id": ["format": "opaque", "id": "res_1"],
                    "txn": nil,
                ])
            scene.fake.change { $0.failure = (503, "") }
            #expect(await push(receiver, event).status == 503)
            scene.fake.change { $0.failure = nil }
            #expect(await push(receiver, event).status == 202)
            #expect(scene.fake.read { $0.verifications } == ["s-1"])
            #expect(ear.count == 0)
        }
    }

    @Test func `answers 503 while the keys are unavailable, so that the event is sent again`() async throws {
        try await play { scene, receiver, ear in
            scene.server.change { $0.isDown = true }
            let event = try scene.event("completed")
            #expect(await push(receiver, event).status == 503)
        }
    }

    @Test func `remembers a bounded number of identifiers and forgets the oldest`() {
        var seen = SeenEvents(limit: 3)
        for name in ["a", "b", "c", "a", "d"] { seen.remember(name) }
        #expect(!seen.contains("a"))
        for name in ["b", "c", "d"] { #expect(seen.contains(name)) }
        seen.remember("e")
        #expect(!seen.contains("b") && seen.contains("c"))
    }
}

extension ElicitationScene {
    /// The event of the first elicitation's end, with some claims changed; nil takes one out.
    func event(
        _ ending: String, _ changes: [String: JSON?] = [:], typ: String = "secevent+jwt", key: SigningKey? = nil
    ) throws -> String {
        let payload: JSONObject = [
            "elicitation": "eli_1", "kind": "confirm", "version": 2, "client_id": "https://client.example/c.json",
            "sid": "ses_1", "evidence": "witnessed",
        ]
        var claims: JSONObject = [
            "iss": .string(server.issuer), "aud": .string(Fixture.resource), "iat": .integer(clock.now),
            "jti": "evt_1", "txn": "eli_1",
            "sub_id": ["format": "iss_sub", "iss": .string(server.issuer), "sub": "sub_1"],
            "events": .object(["urn:gatehouse:event:elicitation-\(ending)": .object(payload)]),
        ]
        for (name, value) in changes { claims[name] = value }
        return try JWT.sign(typ: typ, claims: claims, with: key ?? fake.key)
    }
}
