import OAuth
import Synchronization

/// The timelines of the latest authorizations, in memory alone: enough to tell what went wrong, bounded whoever asks.
///
/// There are two rings. In one are attempts of nobody in particular, so that a flood of strangers pushes out strangers; in
/// the other those that reached a signed-in person, of whom each has a few places, so that none pushes out the others.
package final class AuthorizationTraces: Sendable {
    /// How many timelines are kept.
    package struct Bounds: Sendable {
        /// Those in which nobody has signed in.
        package var strangers: Int
        /// Those of people.
        package var people: Int
        /// Those of one person.
        package var perPerson: Int

        /// Bounds that hold a busy day of people, in at most some 8 MiB.
        package init(strangers: Int = 1024, people: Int = 512, perPerson: Int = 32) {
            self.strangers = strangers
            self.people = people
            self.perPerson = perPerson
        }
    }

    fileprivate struct State {
        var last: UInt64 = 0
        var timelines: [UInt64: AuthorizationTrace] = [:]
        var numbers: [AuthorizationTrace.Key: UInt64] = [:]
        var strangers: RingBuffer
        var people: RingBuffer
        /// The attempts of each person, the oldest first.
        var ofPerson: [UserID: [UInt64]] = [:]
        let perPerson: Int
    }

    private let state: Mutex<State>

    /// An empty memory.
    package init(bounds: Bounds = Bounds()) {
        state = Mutex(
            State(
                strangers: RingBuffer(bounds.strangers), people: RingBuffer(bounds.people),
                perPerson: max(1, bounds.perPerson)))
    }

    /// What happened in the attempt that a request with this reference was part of.
    package func timeline(_ reference: String) -> AuthorizationTrace? {
        state.withLock { state in state.numbers[.reference(reference)].flatMap { state.timelines[$0] } }
    }

    /// All that is kept, in no order.
    package var all: [AuthorizationTrace] { state.withLock { Array($0.timelines.values) } }

    /// How many references, interactions and codes lead to what is kept.
    package var leads: Int { state.withLock { $0.numbers.count } }

    /// A new attempt, which this browser's request begins.
    func begin(for browser: Browser, clock: WallClock) -> Attempt {
        let number = state.withLock { state in
            let number = state.begin()
            state.lead(.reference(browser.reference), to: number)
            return number
        }
        return Attempt(timelines: self, number: number, reference: browser.reference, clock: clock)
    }

    /// The attempt that this browser's request is part of, or a new one where it has been forgotten.
    func resume(_ key: AuthorizationTrace.Key?, for browser: Browser, clock: WallClock) -> Attempt {
        let number = state.withLock { state in
            guard let number = key.flatMap({ state.numbers[$0] }) else { return UInt64?.none }
            state.lead(.reference(browser.reference), to: number)
            return number
        }
        guard let number else { return begin(for: browser, clock: clock) }
        return Attempt(timelines: self, number: number, reference: browser.reference, clock: clock)
    }

    /// The attempt that made this code, if it is remembered.
    func attempt(of code: AuthorizationCode, clock: WallClock) -> Attempt? {
        let key = AuthorizationTrace.Key.code(code.digest)
        return state.withLock { $0.numbers[key] }.map {
            Attempt(timelines: self, number: $0, reference: "", clock: clock)
        }
    }

    fileprivate func note(_ step: AuthorizationStep, in number: UInt64, at now: Timestamp) {
        state.withLock { $0.timelines[number]?.add(step, at: now) }
    }

    fileprivate func lead(_ key: AuthorizationTrace.Key, to number: UInt64) {
        state.withLock { $0.lead(key, to: number) }
    }

    fileprivate func give(_ number: UInt64, to user: UserID) {
        state.withLock { $0.give(number, to: user) }
    }
}

extension AuthorizationTraces.State {
    fileprivate mutating func begin() -> UInt64 {
        last += 1
        let (slot, evicted) = strangers.put(last)
        if let evicted { forget(evicted) }
        var timeline = AuthorizationTrace()
        timeline.slot = slot
        timelines[last] = timeline
        return last
    }

    /// A key leads to one timeline, the first that had it.
    fileprivate mutating func lead(_ key: AuthorizationTrace.Key, to number: UInt64) {
        guard numbers[key] == nil, timelines[number] != nil else { return }
        if let dropped = timelines[number]?.add(key) { numbers[dropped] = nil }
        numbers[key] = number
    }

    /// Takes an attempt out of the strangers' ring; a person with many gives up the oldest of their own for it.
    fileprivate mutating func give(_ number: UInt64, to user: UserID) {
        guard let timeline = timelines[number], timeline.user == nil else { return }
        strangers.clear(timeline.slot)
        var own = ofPerson[user] ?? []
        let slot: Int
        if own.count >= perPerson, let oldest = timelines[own[0]] {
            slot = oldest.slot
            people.replace(slot, by: number)
            forget(own[0])
        } else {
            let (place, evicted) = people.put(number)
            slot = place
            if let evicted { forget(evicted) }
        }
        own = ofPerson[user] ?? []
        ofPerson[user] = own + [number]
        timelines[number]?.belong(to: user)
        timelines[number]?.slot = slot
    }

    private mutating func forget(_ number: UInt64) {
        guard let timeline = timelines.removeValue(forKey: number) else { return }
        for key in timeline.keys { numbers[key] = nil }
        guard let user = timeline.user else { return }
        ofPerson[user]?.removeAll { $0 == number }
        if ofPerson[user]?.isEmpty ?? false { ofPerson[user] = nil }
    }
}

/// Places that are taken in turn; who comes after the last takes the first one's.
private struct RingBuffer: Sendable {
    private var places: [UInt64?]
    private var next = 0

    init(_ count: Int) {
        places = Array(repeating: nil, count: max(1, count))
    }

    /// Takes the next place, and says whose it was.
    mutating func put(_ number: UInt64) -> (slot: Int, evicted: UInt64?) {
        let slot = next
        let evicted = places[slot]
        places[slot] = number
        next = (next + 1) % places.count
        return (slot, evicted)
    }

    mutating func replace(_ slot: Int, by number: UInt64) { places[slot] = number }

    mutating func clear(_ slot: Int) { places[slot] = nil }
}

/// One attempt on its way: what adds to its timeline. Forgotten ones take nothing more.
struct Attempt: Sendable {
    fileprivate let timelines: AuthorizationTraces
    fileprivate let number: UInt64
    /// The id of the request that this is about now.
    let reference: String
    let clock: WallClock

    /// Adds a step.
    func note(_ step: AuthorizationStep) { timelines.note(step, in: number, at: clock.now()) }

    /// Has it found by one more thing.
    func lead(from key: AuthorizationTrace.Key) { timelines.lead(key, to: number) }

    /// Notes that it reached a person.
    func belongs(to user: UserID) { timelines.give(number, to: user) }

    /// Notes a refusal or failure of `body` before it goes on its way.
    func watching<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            note((error as? OAuthError).map { .refused($0, .onPage) } ?? .failed)
            throw error
        }
    }
}
