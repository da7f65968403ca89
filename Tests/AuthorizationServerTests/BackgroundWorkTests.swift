import Logging
import ServerSupport
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Background work")
struct ErrandsTests {
    @Test func `the number of pieces that run at once is bounded, with one at a time about each subject`() async {
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

    @Test func `failed work is logged and frees its place`() async {
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
