import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("An administration request that nobody foresaw to fail")
struct UnexpectedFailureTests {
    private struct Surprise: Error, CustomStringConvertible {
        var description: String { "the disk at https://backup.example/secret-canary is on fire" }
    }

    @Test func `the answer sends to the server's log, and the cause stands there`() async throws {
        let log = CapturedLog()
        try await Harness.run { h in
            let served = Administration(store: h.gatehouse.store, keys: nil, clock: h.clock.wall, log: log.logger)
            #expect(served.refusal(Surprise()).description.contains("server's log"))
            #expect(log.lines.count == 1 && log.lines[0].hasPrefix("error administration request failed"))
            #expect(log.lines[0].contains("is on fire") && !log.lines[0].contains("canary"))
            let direct = Administration(store: h.gatehouse.store, keys: nil, clock: h.clock.wall)
            // Its user reads no more than that: the text of a foreign error was written for nobody here.
            let said = direct.refusal(Surprise()).description
            #expect(said.contains("of type Surprise") && !said.contains("canary"))
        }
    }
}
