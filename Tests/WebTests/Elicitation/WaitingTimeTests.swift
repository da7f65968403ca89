import HTTPTypes
import HummingbirdTesting
import ServerSupport
import TestSupport
import Testing

@testable import Web

@Suite("The waiting time on pages")
struct WaitingTimeTests {
    @Test(
        arguments: [
            (1, "1 second"), (2, "2 seconds"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes"),
            (120, "2 minutes"), (899, "15 minutes"), (900, "15 minutes"), (3_601, "61 minutes"),
        ] as [(Int64, String)])
    func `a wait of a minute or more is shown in minutes, rounded up`(seconds: Int64, words: String) {
        #expect(WaitingTime.words(seconds) == words)
    }

    @Test func `the sign-in page shows minutes, and Retry-After has seconds`() async throws {
        try await Harness.run { h in
            let browser = h.browser()
            var page = try await h.authorize(browser, h.request())
            for _ in 0..<40 where page.status != .tooManyRequests {
                page = try await h.signIn(browser, at: page, password: "wrong")
            }
            let seconds = try #require(page.headers[.retryAfter].flatMap { Int64($0) })
            #expect(page.status == .tooManyRequests && seconds >= 60)
            #expect(page.text.contains(WaitingTime.words(seconds)))
            #expect(!page.text.contains("\(seconds) seconds"))
        }
    }
}
