import OAuth
import Storage
import Testing

@testable import AuthorizationServer

@Suite("Limits of wrong user codes")
struct DeviceLimitTests {
    private let start = Timestamp(seconds: 1_000_000)
    private let here = RequestSource(address: "203.0.113.7")

    /// Limits after the sixty wrong codes that a network has, six of each of ten users.
    private func exhausted() -> DeviceLimits {
        let limits = DeviceLimits()
        for _ in 0..<10 {
            let user = UserID.random()
            #expect((0..<6).allSatisfy { _ in limits.admit(user, from: here, now: start) == nil })
        }
        return limits
    }

    @Test func `the sixty-first wrong code of a network has to wait, and costs its user nothing`() {
        let (limits, user) = (exhausted(), UserID.random())
        #expect(limits.admit(user, from: here, now: start) == 600)
        let elsewhere = RequestSource(address: "198.51.100.7")
        #expect((0..<6).allSatisfy { _ in limits.admit(user, from: elsewhere, now: start) == nil })
        #expect(limits.admit(user, from: elsewhere, now: start) == 3_600)
        #expect(limits.admit(.random(), from: here, now: start + 600) == nil)
    }

    @Test func `a right code gives its try back to the user and to the network`() {
        let (limits, user) = (DeviceLimits(), UserID.random())
        for _ in 0..<100 {
            #expect(limits.admit(user, from: here, now: start) == nil)
            limits.giveBack(user, from: here)
        }
    }
}
