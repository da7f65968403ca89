import JOSE
import OAuth
import ServerSupport
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Traces of authorizations")
struct AuthorizationTracesTests {
    private let clock = TestClock()

    private func browser(_ reference: String) -> Browser {
        Browser(binding: .sha256("b"), signIn: nil, reference: reference)
    }

    private func attempt(_ traces: AuthorizationTraces, _ reference: String, of user: UserID? = nil) -> TraceWriter {
        let attempt = traces.begin(for: browser(reference), clock: clock.wall)
        attempt.record(.signInAsked)
        if let user { attempt.assign(to: user) }
        return attempt
    }

    @Test func `a parallel flood of strangers evicts traces of strangers and none of a signed-in user`() async {
        let traces = AuthorizationTraces(bounds: .init(strangers: 50, people: 20, perPerson: 4))
        let people = (0..<5).map { _ in UserID.random() }
        for (number, person) in people.enumerated() { _ = attempt(traces, "p\(number)", of: person) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        let attempt = self.attempt(traces, "s\(task)-\(number)")
                        attempt.link(.interaction(.random()))
                        for _ in 0..<20 { attempt.record(.refused(.invalidScope, cause: "no", .onPage)) }
                    }
                }
            }
        }
        #expect(traces.all.count { $0.user == nil } == 50)
        #expect((0..<5).allSatisfy { traces.trace("p\($0)") != nil })
        #expect(traces.keyCount == 50 * 2 + 5, "no key leads to an evicted trace")
        #expect(traces.trace("s0-0") == nil)
    }

    @Test func `a user with many authorizations evicts their own traces, and a busy day evicts the oldest`() {
        let traces = AuthorizationTraces(bounds: .init(strangers: 4, people: 10, perPerson: 3))
        let (one, other) = (UserID.random(), UserID.random())
        _ = attempt(traces, "other", of: other)
        for number in 0..<100 { _ = attempt(traces, "one\(number)", of: one) }
        #expect(traces.trace("other") != nil)
        #expect(traces.all.count { $0.user == one } == 3)
        #expect((97..<100).allSatisfy { traces.trace("one\($0)") != nil })
        for number in 0..<30 { _ = attempt(traces, "day\(number)", of: .random()) }
        #expect(traces.all.count == 10 && traces.trace("other") == nil)
        #expect((20..<30).allSatisfy { traces.trace("day\($0)") != nil })
        #expect(traces.keyCount == 10)
    }

    @Test
    func `a second sign-in in one authorization takes no second place, and an evicted trace records nothing`() {
        let traces = AuthorizationTraces(bounds: .init(strangers: 1, people: 1, perPerson: 1))
        let person = UserID.random()
        let first = attempt(traces, "first", of: person)
        first.assign(to: person)
        #expect(traces.all.count == 1)
        let second = attempt(traces, "second", of: person)
        first.record(.approved)
        first.link(.reference("late"))
        first.assign(to: .random())
        second.record(.denied)
        #expect(traces.trace("first") == nil && traces.trace("late") == nil)
        #expect(traces.trace("second")?.entries.map(\.step) == [.signInAsked, .denied])
        #expect(traces.all.count == 1 && traces.keyCount == 1)
    }

    @Test func `a trace holds four kibibytes: its first step, the latest ones, and the number of those between`() throws
    {
        let traces = AuthorizationTraces()
        let attempt = traces.begin(for: browser("a"), clock: clock.wall)
        let long = String(repeating: "é", count: 10_000)
        attempt.record(.arrived(client: long, redirectHost: long))
        for number in 0..<1000 { attempt.record(.documentUnavailable(cause: long, milliseconds: Int64(number))) }
        for _ in 0..<100 { attempt.link(.interaction(.random())) }
        for number in 0..<100 { attempt.link(.reference("\(number)")) }
        let timeline = try #require(traces.trace("a"))
        let texts = timeline.entries.reduce(0) { $0 + $1.step.sentence.utf8.count }
        #expect(texts < 8192 && timeline.entries.count > 5)
        #expect(timeline.entries.count + timeline.omitted == 1001)
        #expect(timeline.rows.first?["step"] == "arrived" && timeline.rows[1]["step"] == "omitted")
        guard case .documentUnavailable(_, 999) = timeline.entries.last?.step else {
            Issue.record("the last step is \(String(describing: timeline.entries.last))")
            return
        }
        #expect(traces.keyCount == 2 * AuthorizationTrace.mostKeys)
        #expect(traces.trace("99") != nil && traces.trace("50") == nil)
    }

    @Test func `a repeated step is recorded once or each time, as its kind demands`() {
        let traces = AuthorizationTraces()
        let attempt = traces.begin(for: browser("a"), clock: clock.wall)
        for _ in 0..<3 {
            attempt.record(.clientRegistered)
            attempt.record(.signInRefused)
        }
        #expect(
            traces.trace("a")?.entries.map(\.step)
                == [.clientRegistered, .signInRefused, .signInRefused, .signInRefused])
    }
}
