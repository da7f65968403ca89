import OAuth
import Testing

@testable import AuthorizationServer

@Suite("Limits of anonymous requests")
struct RateLimitTests {
    private let start = Timestamp(seconds: 1_000_000)

    private func network(_ address: String) -> ClientNetwork? { .subnet(of: address) }

    @Test func `a network gets its burst, and then one request for each step`() {
        let limit = NetworkLimit(burst: 3, perMinute: 6)
        let a = network("203.0.113.7")
        #expect((0..<3).allSatisfy { _ in limit.admit(a, now: start) == nil })
        #expect(limit.admit(a, now: start) == 10)
        #expect(limit.admit(a, now: start + 9) == 1)
        #expect(limit.admit(a, now: start + 10) == nil)
        #expect(limit.admit(a, now: start + 10) == 10)
        #expect(limit.admit(network("203.0.114.7"), now: start) == nil, "another network is not affected")
        #expect((0..<3).allSatisfy { _ in limit.admit(a, now: start + 1000) == nil })
    }

    @Test func `the addresses of one network share an allowance, and requests without an address share one too`() {
        let limit = NetworkLimit(burst: 1, perMinute: 1)
        #expect(limit.admit(network("203.0.113.7"), now: start) == nil)
        #expect(limit.admit(network("203.0.113.200"), now: start) != nil)
        #expect(limit.admit(network("::ffff:203.0.113.1"), now: start) != nil)
        #expect(limit.admit(network("2001:db8::1"), now: start) == nil)
        #expect(limit.admit(network("2001:db8::ffff:1"), now: start) != nil)
        #expect(limit.admit(network("2001:db8:0:1::1"), now: start) == nil)
        #expect(limit.admit(nil, now: start) == nil)
        #expect(limit.admit(nil, now: start) != nil)
        #expect(network("203.0.113.7")?.description == "203.0.113.0/24")
        #expect(network("2001:db8::1")?.description == "2001:db8:0:0::/64")
    }

    @Test func `no network waits longer after the clock was set back`() {
        let limit = NetworkLimit(burst: 2, perMinute: 60)
        for _ in 0..<2 { _ = limit.admit(nil, now: start) }
        #expect(limit.admit(nil, now: start - 100_000) == 1)
        #expect(limit.admit(nil, now: start - 100_000 + 3) == nil)
    }

    @Test func `the memory is bounded, and a flood of networks frees none that waits`() {
        let limit = RateLimit<Int>(burst: 5, perMinute: 1, capacity: 100)
        for _ in 0..<5 { _ = limit.admit(-1, now: start) }
        for key in 0..<10_000 { _ = limit.admit(key, now: start) }
        #expect(limit.count <= 100)
        #expect(limit.admit(-1, now: start) != nil)
    }

    @Test func `the refusal names the seconds to wait`() {
        let limit = NetworkLimit(burst: 1, perMinute: 2)
        #expect(throws: Never.self) { try limit.check(nil, now: start) }
        do {
            try limit.check(nil, now: start)
            Issue.record("the second request must wait")
        } catch {
            #expect(error.code == .tooManyRequests && error.retryAfter == 30)
        }
    }
}
