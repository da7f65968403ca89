import OAuth
import Testing

@testable import AuthorizationServer

@Suite("The schedule of event deliveries")
struct DeliveryScheduleTests {
    @Test func `the first attempts lie within a minute, and the last one after three days`() throws {
        var at: [Int64] = [0]
        while let pause = DeliverySchedule.pause(afterAttempts: at.count, spread: 0) {
            at.append(at[at.count - 1] + pause)
        }
        #expect(at.prefix(6) == [0, 1, 4, 12, 32, 332])
        #expect(at.count == 13)
        #expect(75 * 3600..<76 * 3600 ~= at[12])
    }

    @Test func `the spread changes a pause by at most a fifth, and never to zero`() {
        for attempts in 1...12 {
            let plain = Double(DeliverySchedule.pauses[attempts - 1])
            let (least, most) = (plain * 0.8, plain * 1.2)
            for (spread, wished) in [(-1.0, least), (1.0, most), (-7.0, least), (7.0, most)] {
                let pause = DeliverySchedule.pause(afterAttempts: attempts, spread: spread)
                #expect(pause == max(1, Int64(wished.rounded())))
            }
        }
        #expect(DeliverySchedule.pause(afterAttempts: 13, spread: 0) == nil)
        #expect(DeliverySchedule.pause(afterAttempts: 0, spread: 0) == nil)
    }

    @Test func `a trouble of some length accounts for a limited number of attempts`() {
        for (seconds, attempts) in [(0, 1), (1, 2), (3, 3), (8, 3), (9, 4), (25, 5), (264, 5), (265, 6), (300_000, 13)]
        {
            #expect(DeliverySchedule.attempts(within: Int64(seconds)) == attempts, "\(seconds)")
        }
    }

    @Test func `trouble pauses an endpoint with growing pauses, and a success ends it`() {
        var breaker = EndpointBreaker()
        let start = Timestamp(seconds: 1000)
        #expect(breaker.width(atMost: 4) == 4)
        var pauses: [Int64] = []
        for _ in 0..<7 {
            let now = breaker.pausedUntil ?? start
            breaker.failed(isTrouble: true, retryAfter: nil, now: now)
            pauses.append((breaker.pausedUntil ?? now) - now)
            #expect(breaker.width(atMost: 4) == 1)
        }
        #expect(pauses == [1, 2, 6, 16, 60, 240, 240])
        let trouble = breaker.succeeded(now: start + 400)
        #expect(trouble == 400)
        #expect(breaker.pausedUntil == nil && breaker.failures == 0 && breaker.width(atMost: 4) == 4)
        let none = breaker.succeeded(now: start + 401)
        #expect(none == nil)
    }

    @Test func `a single failed event does not pause the endpoint, and three failures in a row do`() {
        var breaker = EndpointBreaker()
        let now = Timestamp(seconds: 1000)
        for _ in 0..<2 { breaker.failed(isTrouble: false, retryAfter: nil, now: now) }
        #expect(breaker.pausedUntil == nil)
        breaker.failed(isTrouble: false, retryAfter: nil, now: now)
        #expect(breaker.pausedUntil == now + 6)
    }

    @Test func `Retry-After is honoured up to an hour, and never shortens a pause`() {
        for (asked, given) in [(Int64(40), Int64(40)), (0, 1), (7 * 86_400, 3600)] {
            var breaker = EndpointBreaker()
            breaker.failed(isTrouble: true, retryAfter: asked, now: Timestamp(seconds: 0))
            #expect(breaker.pausedUntil == Timestamp(seconds: given))
            breaker.failed(isTrouble: true, retryAfter: 0, now: Timestamp(seconds: 0))
            #expect(breaker.pausedUntil == Timestamp(seconds: given))
        }
    }
}
