import OAuth
import Testing

@testable import AuthorizationServer

@Suite("The turns of networks at an account name")
struct NextTryTests {
    private let opening = Timestamp(seconds: 1_800_000_000)

    @Test func `networks that reserve turns and use none do not lock the owner out`() {
        var next = RetryTurn<String>()
        for network in ["owner", "b"] { next.knock(network) }
        var turns = 0
        while next.wait(for: "owner", since: opening, now: opening + Int64(turns) * 120) > 0, turns < 10 {
            // Two others take turns at asking right behind the owner, and never try a password.
            _ = next.wait(for: turns % 2 == 0 ? "c" : "b", since: opening, now: opening + Int64(turns) * 120)
            turns += 1
        }
        #expect(turns == 2)
    }

    @Test func `a clock that is set back extends no reservation`() {
        var next = RetryTurn<String>()
        next.knock("b")
        _ = next.wait(for: "c", since: opening, now: opening)
        #expect(next.wait(for: "owner", since: opening, now: opening + 120) == 120, "it is the turn of c now")
        let earlier = opening - 3600
        #expect(next.wait(for: "owner", since: earlier, now: earlier) == 0)
    }
}
