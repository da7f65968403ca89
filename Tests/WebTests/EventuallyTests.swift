import ServerSupport
import TestSupport
import Testing

@Suite("Waiting for a condition")
struct EventuallyTests {
    @Test func `a condition that never holds fails the test`() async {
        await withKnownIssue { await eventually(within: .zero) { false } }
    }

    @Test func `a condition that throws fails the test at once`() async {
        struct Broken: Error {}
        var asked = 0
        await withKnownIssue {
            await eventually {
                asked += 1
                throw Broken()
            }
        }
        #expect(asked == 1)
    }

    @Test func `a condition that comes to hold lets the test go on`() async {
        var asked = 0
        await eventually {
            asked += 1
            return asked == 300
        }
        #expect(asked == 300)
    }
}
