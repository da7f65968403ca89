import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("RFC 8417: the signature of an event")
struct EventSignerTests {
    @Test func `an event is signed by an events key, carries the same claims each time, and verifies as no other type`()
        async throws
    {
        try await Harness.run { h in
            let signer = EventSigner(issuer: h.gatehouse.settings.issuer, keys: h.gatehouse.keys)
            let event = SecurityEvent(
                type: .elicitationCompleted, issuedAt: h.clock.now, about: .person(h.user.subject),
                transaction: "eli_x", payload: ["kind": "confirm"])
            let first = try signer.sign(event, for: h.resource.identifier, now: h.clock.now)
            h.clock.advance(by: 86_400)
            let second = try signer.sign(event, for: h.resource.identifier, now: h.clock.now)
            let now = h.clock.now.seconds
            let keys = h.gatehouse.keys.verification(.events, at: now)
            let read = try [first, second].map {
                try JWT.verify($0, typ: "secevent+jwt", algorithms: [.es256], keys: keys).claims
            }
            #expect(read[0] == read[1])
            #expect(read[0]["jti"]?.string == event.id.string)
            #expect(read[0]["iat"]?.integer == now - 86_400)
            #expect(read[0]["aud"]?.string == h.resource.identifier.string)
            #expect(read[0]["exp"] == nil && read[0]["sub"] == nil)
            #expect(throws: JWTError.wrongType) {
                try JWT.verify(first, typ: "at+jwt", algorithms: [.es256], keys: keys)
            }
            #expect(throws: JWTError.self) {
                try JWT.verify(
                    first, typ: "secevent+jwt", algorithms: [.es256],
                    keys: h.gatehouse.keys.verification(.tokens, at: now))
            }
        }
    }
}
