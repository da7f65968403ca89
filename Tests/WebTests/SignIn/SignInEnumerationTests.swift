import AuthorizationServer
import HTTPTypes
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Guessing passwords on the sign-in page")
struct SignInEnumerationTests {
    /// What one try shows: the status, how long to wait, and how many hashes were computed for it.
    private struct Seen: Hashable {
        let status: Int
        let retryAfter: String?
        let hashes: Int
    }

    @Test func `a hundred tries at a known and at an unknown name show the same statuses, waits and hashes`()
        async throws
    {
        let known = try await hundredTries(at: "zo\u{EB}")
        let unknown = try await hundredTries(at: "no\u{EB}")
        #expect(known == unknown)
        #expect(known.count { $0.status == 401 } < 10, "every spelling counts together")
        #expect(
            known.allSatisfy { ($0.status == 401) == ($0.hashes == 1) && ($0.status == 429) == ($0.retryAfter != nil) })
    }

    /// Spellings of one name: case, encoding of the accent, blanks, and more blanks than any name is long.
    private func hundredTries(at name: String) async throws -> [Seen] {
        let hashes = Mutex(0)
        let seen = Mutex<[Seen]>([])
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            hashes.withLock { $0 += 1 }
            return hash.verifies(password)
        }
        let spellings = [
            name, name.uppercased(), name.replacing("\u{EB}", with: "e\u{308}"), "  \(name) ",
            "\u{3000}\(name)\u{2009}",
            name + String(repeating: " ", count: 300), String(repeating: "\u{A0}", count: 400) + name,
        ]
        try await Harness.run(hasher: hasher) { h in
            _ = try await h.addUser("zo\u{EB}")
            let browser = h.browser()
            for number in 0..<100 {
                let page = try await h.authorize(browser, h.request())
                let before = hashes.withLock { $0 }
                let answer = try await h.signIn(
                    browser, at: page, as: spellings[number % spellings.count], password: "wrong")
                let count = hashes.withLock { $0 } - before
                seen.withLock {
                    $0.append(
                        Seen(status: answer.status.code, retryAfter: answer.headers[.retryAfter], hashes: count))
                }
                h.clock.advance(by: 17)
            }
            #expect(try await h.browserLogins() == 0)
        }
        return seen.withLock { $0 }
    }

    /// How a guesser goes about it.
    enum Strategy: CaseIterable {
        /// One wrong try whenever the wait is over, each from an address of its own; it knows the wait without asking.
        case silent
        /// The same, and it asks how long to wait, from another address each time.
        case patient
        /// The same, followed by a return to the throttled address.
        case returning
        /// A request every ten seconds from one address.
        case hammering
    }

    @Test(arguments: Strategy.allCases)
    func
        `a day of guessing from changing addresses has a hundred tries and keeps the owner out for a quarter of an hour`(
            strategy: Strategy
        ) async throws
    {
        let wrong = Mutex(0)
        let hasher = PasswordHasher(cost: .cheapForTests) { password, hash in
            let isRight = hash.verifies(password)
            if !isRight { wrong.withLock { $0 += 1 } }
            return isRight
        }
        try await Harness.run(hasher: hasher) { h in
            let start = h.clock.now
            let end = start + 86_400
            var guess = (at: start, network: 0)
            var tries = 0
            var arrivals = [1, 20_000, 43_500, 80_000].map { (at: start + Int64($0), since: start + Int64($0)) }
            while h.clock.now < end {
                let next = min(guess.at, arrivals.map(\.at).min() ?? end, end)
                h.clock.advance(by: next - h.clock.now)
                guard h.clock.now < end else { break }
                // The guesser is always the faster one.
                while guess.at <= h.clock.now {
                    switch try await attempt(h, "wrong", from: "2001:db8:0:\(String(guess.network, radix: 16))::1") {
                    case .wait(let seconds):
                        guess.at = h.clock.now + (strategy == .hammering ? 10 : seconds)
                        if strategy == .patient || strategy == .silent { guess.network += 1 }
                    case .wrong:
                        tries += 1
                        if strategy != .hammering { guess.network += 1 }
                        if strategy == .silent, tries >= 5 { guess.at = h.clock.now + 900 }
                    case .signedIn: Issue.record("a wrong password let somebody in")
                    }
                }
                for place in arrivals.indices.reversed() where arrivals[place].at <= h.clock.now {
                    switch try await attempt(h, Harness.password, from: "192.0.2.1") {
                    case .wait(let seconds): arrivals[place].at = h.clock.now + seconds
                    case .wrong: Issue.record("the right password was refused")
                    case .signedIn:
                        #expect(h.clock.now - arrivals[place].since <= 900)
                        arrivals.remove(at: place)
                    }
                }
            }
            #expect(arrivals.isEmpty, "the owner got in each time")
            #expect(wrong.withLock { $0 } <= 100)
        }
    }

    private func attempt(_ h: Harness, _ password: String, from address: String) async throws
        -> SignInService.SignInResult
    {
        try await h.signIn(
            "ada", password, in: Browser(binding: .sha256(Random.token()), signIn: nil, address: address))
    }

    /// The seconds that a try has to wait; nil when the password was looked at.
    private func wait(_ h: Harness, _ name: String, _ password: String, from address: String) async throws -> Int64? {
        let browser = Browser(binding: .sha256(Random.token()), signIn: nil, address: address)
        let verdict = try await h.signIn(name, password, in: browser)
        if case .wait(let seconds) = verdict { return seconds }
        return nil
    }

    @Test func `wrong tries over many names count together for their network, and for no other`() async throws {
        try await Harness.run { h in
            var waits: [Int64?] = []
            for number in 0..<30 {
                let address = "2001:db8::\(String(number + 1, radix: 16))"
                waits.append(try await wait(h, "name \(number)", "wrong", from: address))
            }
            #expect(waits == Array(repeating: nil, count: 30))
            let another = try await wait(h, "another", "wrong", from: "2001:db8:0:0:ffff::1")
            let owner = try await wait(h, "ada", Harness.password, from: "2001:db8::7")
            let elsewhere = try await wait(h, "ada", Harness.password, from: "2001:db8:0:1::7")
            #expect([another, owner, elsewhere] == [1, 1, nil])
            h.clock.advance(by: 1)
            // The right password costs nothing: the next one passes as well.
            let first = try await wait(h, "ada", Harness.password, from: "2001:db8::7")
            let second = try await wait(h, "ada", Harness.password, from: "2001:db8::8")
            #expect([first, second] == [nil, nil])
        }
    }

    @Test func `a sign-in of the owner gives a guesser no further try`() {
        let throttle = SignInThrottle()
        var now = Timestamp(seconds: 1_000_000)
        func guesser(_ number: Int) -> SignInThrottle.Claim {
            .stranger(AccountName("ada"), from: ClientNetwork(address: "198.51.100.\(number)"))
        }
        let owner = SignInThrottle.Claim.stranger(AccountName("ADA "), from: ClientNetwork(address: "192.0.2.1"))
        for number in 0..<5 {
            #expect(throttle.admit(guesser(number), now: now) == nil)
            #expect(throttle.fail(guesser(number), now: now) == (number == 4))
        }
        #expect(throttle.admit(owner, now: now) == 900)
        now = now + 900
        #expect(throttle.admit(guesser(6), now: now) == 120, "the turn is the owner's for two minutes")
        #expect(throttle.admit(owner, now: now) == nil)
        throttle.succeed(owner, now: now)
        #expect(throttle.admit(guesser(7), now: now) == nil, "the try that fell due")
        #expect(throttle.admit(guesser(8), now: now) == 900)
    }

    @Test func `an unused turn is free for all after two minutes`() {
        let start = Timestamp(seconds: 1_000_000)
        let (one, other) = (claim("198.51.100.1"), claim("198.51.100.2"))
        for free: Int64 in [1_020, 1_021, 1_100] {
            let throttle = SignInThrottle()
            for _ in 0..<5 { _ = throttle.admit(one, now: start) }
            #expect(throttle.admit(other, now: start + 100) == 800)
            #expect(throttle.admit(one, now: start + 1_019) == 1)
            #expect(throttle.admit(one, now: start + free) == nil)
        }
    }

    private func claim(_ address: String) -> SignInThrottle.Claim {
        .stranger(AccountName("ada"), from: ClientNetwork(address: address))
    }

    @Test func `a clock that is set back extends no wait beyond the maximum`() {
        let throttle = SignInThrottle()
        let start = Timestamp(seconds: 1_000_000)
        for _ in 0..<5 { _ = throttle.admit(claim("198.51.100.1"), now: start) }
        #expect(throttle.admit(claim("198.51.100.1"), now: start - 500_000) == 900)
        #expect(throttle.admit(claim("198.51.100.1"), now: start - 499_100) == nil)
    }

    @Test(arguments: [
        ("198.51.100.7", "198.51.100.7"), ("::ffff:198.51.100.7", "198.51.100.7"), ("::ffff:c633:6407", "198.51.100.7"),
        ("2001:DB8:0:5:1:2:3:4", "2001:db8:0:5::/64"), ("2001:db8:0:5::", "2001:db8:0:5::/64"),
        ("fe80::1%eth0", "fe80:0:0:0::/64"), ("::1", "0:0:0:0::/64"),
    ])
    func `a network is an IPv4 address or an IPv6 prefix of 64 bits`(address: String, network: String) {
        #expect(ClientNetwork(address: address)?.description == network)
    }

    @Test func `a request without an address has no network`() {
        #expect(ClientNetwork(address: nil) == nil)
        #expect(ClientNetwork(address: "") == nil)
    }
}
