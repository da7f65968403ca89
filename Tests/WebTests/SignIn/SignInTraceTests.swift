import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@Suite("Traces of failed sign-ins")
struct SignInTraceTests {
    /// A user or an attacker at one address.
    private struct Place: Sendable {
        let h: Harness
        var address = "198.51.100.9"
        var binding = Digest.sha256(Random.token())

        @discardableResult
        func attempt(_ name: String, _ password: String = "wrong") async throws -> SignInService.SignInResult {
            try await h.signIn(
                name, password, in: Browser(binding: binding, signIn: nil, address: address, reference: "ref-1"))
        }
    }

    @Test
    func `each failed sign-in is a line with account, network, method and outcome, and never the name that was typed`()
        async throws
    {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            let off = try await h.addUser("off")
            try await h.gatehouse.store.write { [now = h.clock.now] in _ = try $0.users.setDisabled(now, off.id) }
            let place = Place(h: h, address: "2001:db8::5")
            for name in ["ada", "my password", "off"] { try await place.attempt(name) }
            let lines = log.lines.filter { $0.contains("sign-in failed") }
            #expect(lines.count == 3)
            for (line, words) in zip(
                lines,
                [
                    "account=\(h.user.id) method=password network=2001:db8:0:0::/64 outcome=wrong_password",
                    "method=password network=2001:db8:0:0::/64 outcome=unknown_account",
                    "account=\(off.id) method=password network=2001:db8:0:0::/64 outcome=account_disabled",
                ])
            {
                #expect(line.hasPrefix("info"))
                #expect(line.contains(words))
                #expect(line.contains("reference=ref-1"))
            }
            for _ in 0..<10 { try await place.attempt("ada") }
            #expect(log.lines.count { $0.contains("outcome=throttled") } == 1, "equal lines are counted")
            #expect(!log.lines.contains { $0.contains("my password") })
            try await place.attempt("ada", Harness.password)
            #expect(!log.lines.contains { $0.contains("outcome=success") })
        }
    }

    @Test func `more than twenty names failed from one network within ten minutes is one warning line`() async throws {
        let log = CapturedLog()
        try await Harness.run(log: log.logger) { h in
            @Sendable func warnings() -> [String] { log.lines.filter { $0.contains("more than 20 names") } }
            let place = Place(h: h)
            for number in 0..<20 { try await place.attempt("name \(number)") }
            for spelling in ["NAME 1", " name 1 "] { try await place.attempt(spelling) }
            try await Place(h: h, address: "198.51.100.10").attempt("name 21")
            #expect(warnings().isEmpty)
            for number in 20..<60 { try await place.attempt("name \(number)") }
            #expect(warnings().count == 1)
            #expect(warnings().first?.hasPrefix("warning") ?? false)
            #expect(warnings().first?.contains("network=198.51.100.9") ?? false)
            h.clock.advance(by: 601)
            for number in 0..<20 { try await place.attempt("name \(number)") }
            #expect(warnings().count == 1, "the first names are ten minutes old")
            try await place.attempt("ada")
            #expect(warnings().count == 2)
        }
    }

    @Test func `throttling of an account leaves one record an hour, and of an unknown username none`()
        async throws
    {
        try await Harness.run { h in
            func guess(_ name: String, times: Int) async throws {
                for number in 0..<times { try await Place(h: h, address: "198.51.100.\(number)").attempt(name) }
            }
            try await guess("eve", times: 9)
            try await guess("ada", times: 9)
            await eventually { try await h.records(.signInHeld).count == 1 }
            let record = try #require(try await h.records(.signInHeld).first)
            #expect(record.user == h.user.id)
            #expect(record.outcome == .refused)
            #expect(record.actor == .system)
            #expect(record.address == "198.51.100.4")
            h.clock.advance(by: 1_800)
            try await guess("ada", times: 9)
            // What would be written is written behind the answers: another account's record shows that it was.
            _ = try await h.addUser("bob")
            try await guess("bob", times: 5)
            await eventually { try await h.records(.signInHeld).count == 2 }
            #expect(try await h.records(.signInHeld).count { $0.user == h.user.id } == 1)
            h.clock.advance(by: 1_800)
            try await guess("ada", times: 9)
            await eventually { try await h.records(.signInHeld).count { $0.user == h.user.id } == 2 }
        }
    }

    @Test func `a sign-in after five failures says so in the audit trail`() async throws {
        try await Harness.run { h in
            let stranger = Place(h: h)
            for _ in 0..<4 { try await stranger.attempt("ada") }
            try await stranger.attempt("ADA", Harness.password)
            #expect(try await h.records(.personSignedIn).first?.reason == nil)
            h.clock.advance(by: 4_500)
            for number in 0..<5 { try await Place(h: h, address: "198.51.100.\(number)").attempt("ada") }
            try await stranger.attempt("ada", Harness.password)
            #expect(try await h.records(.personSignedIn).first?.reason == "after 5 failed tries")
            try await stranger.attempt("ada", Harness.password)
            #expect(try await h.records(.personSignedIn).first?.reason == nil)
        }
    }
}
