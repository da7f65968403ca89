import Logging
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Work behind the answers")
struct ErrandsTests {
    @Test func `strangers set off a bounded number of pieces, and one at a time about one subject`() async {
        let log = CapturedLog()
        let errands = BackgroundWork(capacity: 3, log: log.logger)
        let (released, done) = (Counted(), Counted())
        @Sendable func wait() async {
            await eventually { released.value > 0 }
            done.count()
        }
        let taken = (0..<10).map { number in errands.run("subject \(number / 2)", failure: "failed") { await wait() } }
        #expect(taken == [true, false, true, false, true, false, false, false, false, false])
        #expect(log.lines.count { $0.contains("background work is at its limit") } == 1)
        released.count()
        await eventually { done.value == 3 }
        await eventually { errands.run("subject 0", failure: "failed") { done.count() } }
        await eventually { done.value == 4 }
        #expect(done.value == 4)
    }

    @Test func `work that fails is told in the log and makes room`() async {
        struct Broken: Error {}
        let log = CapturedLog()
        let errands = BackgroundWork(capacity: 1, log: log.logger)
        #expect(errands.run("one", failure: "it was not written") { throw Broken() })
        await eventually { log.lines.contains { $0.contains("it was not written") } }
        #expect(log.lines.count { $0.contains("it was not written") && $0.contains("subject=one") } == 1)
        let done = Counted()
        await eventually { errands.run("two", failure: "failed") { done.count() } }
        await eventually { done.value == 1 }
        #expect(done.value == 1)
    }
}
