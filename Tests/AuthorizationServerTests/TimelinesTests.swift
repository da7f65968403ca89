import JOSE
import OAuth
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The memory of what happened")
struct TimelinesTests {
    private let clock = TestClock()

    private func browser(_ reference: String) -> Browser {
        Browser(binding: .sha256("b"), signIn: nil, reference: reference)
    }

    private func attempt(_ timelines: AuthorizationTraces, _ reference: String, of user: UserID? = nil) -> Attempt {
        let attempt = timelines.begin(for: browser(reference), clock: clock.wall)
        attempt.note(.signInAsked)
        if let user { attempt.belongs(to: user) }
        return attempt
    }

    @Test func `a flood of strangers, many at a time, pushes out strangers and nobody who signed in`() async {
        let timelines = AuthorizationTraces(bounds: .init(strangers: 50, people: 20, perPerson: 4))
        let people = (0..<5).map { _ in UserID.random() }
        for (number, person) in people.enumerated() { _ = attempt(timelines, "p\(number)", of: person) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        let attempt = self.attempt(timelines, "s\(task)-\(number)")
                        attempt.lead(from: .interaction(.random()))
                        for _ in 0..<20 { attempt.note(.refused(.invalidScope, cause: "no", .onPage)) }
                    }
                }
            }
        }
        #expect(timelines.all.count { $0.user == nil } == 50)
        #expect((0..<5).allSatisfy { timelines.timeline("p\($0)") != nil })
        #expect(timelines.leads == 50 * 2 + 5, "what is forgotten is not found by anything")
        #expect(timelines.timeline("s0-0") == nil)
    }

    @Test func `one person with many attempts pushes out their own, and a busy day the oldest`() {
        let timelines = AuthorizationTraces(bounds: .init(strangers: 4, people: 10, perPerson: 3))
        let (one, other) = (UserID.random(), UserID.random())
        _ = attempt(timelines, "other", of: other)
        for number in 0..<100 { _ = attempt(timelines, "one\(number)", of: one) }
        #expect(timelines.timeline("other") != nil)
        #expect(timelines.all.count { $0.user == one } == 3)
        #expect((97..<100).allSatisfy { timelines.timeline("one\($0)") != nil })
        for number in 0..<30 { _ = attempt(timelines, "day\(number)", of: .random()) }
        #expect(timelines.all.count == 10 && timelines.timeline("other") == nil)
        #expect((20..<30).allSatisfy { timelines.timeline("day\($0)") != nil })
        #expect(timelines.leads == 10)
    }

    @Test
    func `somebody who signs in twice in one attempt holds one place, and a forgotten attempt takes nothing more`() {
        let timelines = AuthorizationTraces(bounds: .init(strangers: 1, people: 1, perPerson: 1))
        let person = UserID.random()
        let first = attempt(timelines, "first", of: person)
        first.belongs(to: person)
        #expect(timelines.all.count == 1)
        let second = attempt(timelines, "second", of: person)
        first.note(.approved)
        first.lead(from: .reference("late"))
        first.belongs(to: .random())
        second.note(.denied)
        #expect(timelines.timeline("first") == nil && timelines.timeline("late") == nil)
        #expect(timelines.timeline("second")?.entries.map(\.step) == [.signInAsked, .denied])
        #expect(timelines.all.count == 1 && timelines.leads == 1)
    }

    @Test func `one timeline takes four kibibytes: its first step, the latest ones, and how many were between`() throws
    {
        let timelines = AuthorizationTraces()
        let attempt = timelines.begin(for: browser("a"), clock: clock.wall)
        let long = String(repeating: "é", count: 10_000)
        attempt.note(.arrived(client: long, redirectHost: long))
        for number in 0..<1000 { attempt.note(.documentUnavailable(cause: long, milliseconds: Int64(number))) }
        for _ in 0..<100 { attempt.lead(from: .interaction(.random())) }
        for number in 0..<100 { attempt.lead(from: .reference("\(number)")) }
        let timeline = try #require(timelines.timeline("a"))
        let texts = timeline.entries.reduce(0) { $0 + $1.step.sentence.utf8.count }
        #expect(texts < 8192 && timeline.entries.count > 5)
        #expect(timeline.entries.count + timeline.omitted == 1001)
        #expect(timeline.rows.first?["step"] == "arrived" && timeline.rows[1]["step"] == "omitted")
        guard case .documentUnavailable(_, 999) = timeline.entries.last?.step else {
            Issue.record("the last step is \(String(describing: timeline.entries.last))")
            return
        }
        #expect(timelines.leads == 2 * AuthorizationTrace.mostKeys)
        #expect(timelines.timeline("99") != nil && timelines.timeline("50") == nil)
    }

    @Test func `what is said once is said once, what counts is counted`() {
        let timelines = AuthorizationTraces()
        let attempt = timelines.begin(for: browser("a"), clock: clock.wall)
        for _ in 0..<3 {
            attempt.note(.clientRegistered)
            attempt.note(.signInRefused)
        }
        #expect(
            timelines.timeline("a")?.entries.map(\.step)
                == [.clientRegistered, .signInRefused, .signInRefused, .signInRefused])
    }
}
