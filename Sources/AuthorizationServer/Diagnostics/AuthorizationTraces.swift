import OAuth
import Synchronization

/// The traces of the latest authorizations, kept in memory only, for `gatehouse doctor`.
///
/// Two rings bound the memory. One holds authorizations in which nobody has signed in, so that a flood of strangers evicts
/// strangers only. The other holds those of signed-in users, each of whom has a few places, so that no user evicts another's.
package final class AuthorizationTraces: Sendable {
    /// How many traces are kept.
    package struct Bounds: Sendable {
        /// Traces in which nobody has signed in.
        package var strangers: Int
        /// Traces of signed-in users.
        package var people: Int
        /// Traces of one user.
        package var perPerson: Int

        /// The default bounds hold a busy day in at most about 8 MiB.
        package init(strangers: Int = 1024, people: Int = 512, perPerson: Int = 32) {
            self.strangers = strangers
            self.people = people
            self.perPerson = perPerson
        }
    }

    fileprivate struct State {
        var last: UInt64 = 0
        var traces: [UInt64: AuthorizationTrace] = [:]
        var numbers: [AuthorizationTrace.Key: UInt64] = [:]
        var strangers: RingBuffer
        var people: RingBuffer
        /// The traces of each user, the oldest first.
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

    /// The trace of the authorization that a request with this reference was part of.
    package func trace(_ reference: String) -> AuthorizationTrace? {
        state.withLock { state in state.numbers[.reference(reference)].flatMap { state.traces[$0] } }
    }

    /// All traces, in no order.
    package var all: [AuthorizationTrace] { state.withLock { Array($0.traces.values) } }

    /// How many references, interactions and codes lead to the traces.
    package var keyCount: Int { state.withLock { $0.numbers.count } }

    /// Begins a trace for this browser's request.
    func begin(for browser: Browser, clock: WallClock) -> TraceWriter {
        let number = state.withLock { state in
            let number = state.begin()
            state.link(.reference(browser.reference), to: number)
            return number
        }
        return TraceWriter(traces: self, number: number, reference: browser.reference, clock: clock)
    }

    /// The trace that `key` leads to, from now on also by this request's reference; a new one where none is found.
    func resume(_ key: AuthorizationTrace.Key?, for browser: Browser, clock: WallClock) -> TraceWriter {
        let number = state.withLock { state in
            guard let number = key.flatMap({ state.numbers[$0] }) else { return UInt64?.none }
            state.link(.reference(browser.reference), to: number)
            return number
        }
        guard let number else { return begin(for: browser, clock: clock) }
        return TraceWriter(traces: self, number: number, reference: browser.reference, clock: clock)
    }

    /// The trace of the authorization that issued this code; nil where it was evicted.
    func writer(of code: AuthorizationCode, clock: WallClock) -> TraceWriter? {
        let key = AuthorizationTrace.Key.code(code.digest)
        return state.withLock { $0.numbers[key] }.map {
            TraceWriter(traces: self, number: $0, reference: "", clock: clock)
        }
    }

    fileprivate func record(_ step: AuthorizationStep, in number: UInt64, at now: Timestamp) {
        state.withLock { $0.traces[number]?.add(step, at: now) }
    }

    fileprivate func link(_ key: AuthorizationTrace.Key, to number: UInt64) {
        state.withLock { $0.link(key, to: number) }
    }

    fileprivate func assign(_ number: UInt64, to user: UserID) {
        state.withLock { $0.assign(number, to: user) }
    }
}

extension AuthorizationTraces.State {
    fileprivate mutating func begin() -> UInt64 {
        last += 1
        let (slot, evicted) = strangers.put(last)
        if let evicted { evict(evicted) }
        var trace = AuthorizationTrace()
        trace.slot = slot
        traces[last] = trace
        return last
    }

    /// A key leads to one trace, the first that had it.
    fileprivate mutating func link(_ key: AuthorizationTrace.Key, to number: UInt64) {
        guard numbers[key] == nil, traces[number] != nil else { return }
        if let dropped = traces[number]?.add(key) { numbers[dropped] = nil }
        numbers[key] = number
    }

    /// Takes a trace out of the strangers' ring. A user who has as many as one may have gives up the oldest.
    fileprivate mutating func assign(_ number: UInt64, to user: UserID) {
        guard let trace = traces[number], trace.user == nil else { return }
        strangers.clear(trace.slot)
        var own = ofPerson[user] ?? []
        let slot: Int
        if own.count >= perPerson, let oldest = traces[own[0]] {
            slot = oldest.slot
            people.replace(slot, by: number)
            evict(own[0])
        } else {
            let (place, evicted) = people.put(number)
            slot = place
            if let evicted { evict(evicted) }
        }
        own = ofPerson[user] ?? []
        ofPerson[user] = own + [number]
        traces[number]?.assign(to: user)
        traces[number]?.slot = slot
    }

    private mutating func evict(_ number: UInt64) {
        guard let trace = traces.removeValue(forKey: number) else { return }
        for key in trace.keys { numbers[key] = nil }
        guard let user = trace.user else { return }
        ofPerson[user]?.removeAll { $0 == number }
        if ofPerson[user]?.isEmpty ?? false { ofPerson[user] = nil }
    }
}

/// A fixed number of places that are taken in turn, over and over.
private struct RingBuffer: Sendable {
    private var places: [UInt64?]
    private var next = 0

    init(_ count: Int) {
        places = Array(repeating: nil, count: max(1, count))
    }

    /// Takes the next place, and returns the number that held it before.
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

/// Writes to the trace of one authorization. Once the trace is evicted, the writer does nothing.
struct TraceWriter: Sendable {
    fileprivate let traces: AuthorizationTraces
    fileprivate let number: UInt64
    /// The id of the request that is being answered.
    let reference: String
    let clock: WallClock

    /// Appends a step with the present time.
    func record(_ step: AuthorizationStep) { traces.record(step, in: number, at: clock.now()) }

    /// Makes the trace findable by one more key.
    func link(_ key: AuthorizationTrace.Key) { traces.link(key, to: number) }

    /// Moves the trace among those of `user`.
    func assign(to user: UserID) { traces.assign(number, to: user) }

    /// Runs `body`, and records the refusal or failure that it throws.
    func recordingFailure<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            record((error as? OAuthError).map { .refused($0, .onPage) } ?? .failed)
            throw error
        }
    }
}
