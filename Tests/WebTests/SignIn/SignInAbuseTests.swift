import AuthorizationServer
import Dispatch
import HTTPTypes
import HummingbirdTesting
import JOSE
import NIOCore
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Signing in under attack")
struct SignInAbuseTests {
    @Test func `a flood of invented names does not reset the count of an account`() {
        let throttle = SignInThrottle(capacity: 64)
        let victim = SignInThrottle.Claim.stranger(AccountName("ada"), from: nil)
        var now = Timestamp(seconds: 1_000_000)
        for _ in 0..<10 {
            while let wait = throttle.admit(victim, now: now) { now = now + wait }
        }
        for number in 0..<10_000 {
            _ = throttle.admit(.stranger(AccountName("invented \(number)"), from: nil), now: now + 1)
        }
        #expect(throttle.admit(victim, now: now + 1) != nil)
        #expect(throttle.count <= 64)
    }

    @Test func `a name that was typed is not kept, however long it is`() {
        let long = SignInThrottle.Claim.stranger(AccountName(String(repeating: "a", count: 1 << 20)), from: nil)
        #expect("\(long)".utf8.count < 2_000)
    }

    @Test
    func `a full password hasher still has a place for a known browser, and never gives all places to one network`() {
        var places = PasswordHasher.Places(forAll: 4, forKnown: 2, perNetwork: 3)
        let stranger = PasswordHasher.Asker.stranger(from: ClientNetwork(address: "2001:db8::1"))
        let neighbour = PasswordHasher.Asker.stranger(from: ClientNetwork(address: "2001:db8::2"))
        let another = PasswordHasher.Asker.stranger(from: ClientNetwork(address: "192.0.2.2"))
        let known = PasswordHasher.Asker.known(.random())
        let granted = [stranger, stranger, neighbour, stranger, another, another, known, known, known].map {
            places.take($0)
        }
        #expect(granted == [true, true, true, false, true, false, true, true, false])
        places.leave(stranger)
        let afterwards = [another, known, .known(.random())].map { places.take($0) }
        #expect(afterwards == [false, false, true])
    }

    @Test(arguments: [false, true])
    func `a password that changes during a sign-in with the old one signs nobody in`(isLocked: Bool)
        async throws
    {
        let (gate, isArmed, isInside) = (DispatchSemaphore(value: 0), Switch(), Switch())
        // The cost differs from that of the stored hash, so that a correct password is hashed again.
        let hasher = PasswordHasher(cost: .standard) { password, hash in
            if isArmed.isOn {
                isInside.set(true)
                gate.wait()
            }
            return hash.verifies(password)
        }
        try await Harness.run(hasher: hasher) { h in
            let (browser, new) = (h.browser(), PasswordHash.make(Secret("something new"), cost: .cheapForTests).string)
            let page = try await h.authorize(browser, h.request())
            isArmed.set(true)
            async let answer = h.signIn(browser, at: page)
            await eventually { isInside.isOn }
            isArmed.set(false)
            try await h.gatehouse.store.write { [id = h.user.id, now = h.clock.now] tx in
                if isLocked {
                    try tx.users.setDisabled(now, id)
                } else {
                    try tx.credentials.setPassword(new, of: id, now: now)
                }
                _ = try tx.logins.endAll(of: id)
            }
            gate.signal()
            #expect(try await answer.status == .tooManyRequests)
            #expect(try await h.browserLogins() == 0)
            #expect(try await h.records(.personSignedIn).isEmpty)
            let stored = try await h.password()
            #expect(stored?.data == (isLocked ? h.credential.data : new) && stored?.usedAt == nil)
        }
    }

    @Test func `the hash that unknown names are compared with needs no making and fits nothing`() {
        let decoy = PasswordHash.unmatchable(cost: .cheapForTests)
        #expect(!decoy.verifies(Secret("")))
        #expect(!decoy.verifies(Secret(Harness.password)))
        #expect(!decoy.needsRehash(.cheapForTests))
        #expect(decoy.string != PasswordHash.unmatchable(cost: .cheapForTests).string)
    }

    @Test func `a request of the maximum length survives the sign-in page`() async throws {
        try await Harness.run { h in
            let page = try await h.consentPage(
                h.browser(),
                h.request(["state": String(repeating: "%", count: 2_700), "x": String(repeating: "y", count: 8_000)]))
            #expect(page.input("token") != nil)
        }
    }

    @Test func `a longer request is refused before the sign-in page`() async throws {
        try await Harness.run { h in
            let long = String(repeating: "y", count: 8_000)
            let answer = try await h.browser().post("/authorize", h.request(["x": long, "y": long, "z": long]))
            #expect(answer.status == .badRequest)
            #expect(answer.input("interaction") == nil)
        }
    }

    @Test func `a request that comes as a form has nothing in its URL, and is UTF-8 as it stands`() async throws {
        try await Harness.run { h in
            let mixed = try await h.browser().post("/authorize?client_id=quill", h.request(["client_id": nil]))
            #expect(mixed.status == .badRequest)
            #expect(mixed.input("interaction") == nil)
            let doubled = try await h.browser().post("/authorize?client_id=quill", h.request())
            #expect(doubled.input("interaction") == nil)
            let broken = try await h.client.execute(
                uri: "/authorize", method: .post, headers: [.contentType: "application/x-www-form-urlencoded"],
                body: ByteBuffer(bytes: Array((FormText.encode(h.request()) + "&x=").utf8) + [0xFF]))
            #expect(broken.status == .badRequest)
        }
    }
}

/// Something that several tasks look at.
private final class Switch: Sendable {
    private let state = Atomic<Bool>(false)

    var isOn: Bool { state.load(ordering: .sequentiallyConsistent) }
    func set(_ isOn: Bool) { state.store(isOn, ordering: .sequentiallyConsistent) }
}
