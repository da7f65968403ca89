package import Logging
import OAuth
import Synchronization

/// Writes refusals to the log: the first line at once, further equal lines as one line a minute with their number.
///
/// Strangers cause these lines, so this type bounds how many there are, how long they are, and the memory that they take.
package final class DeduplicatedLog: Sendable {
    /// For how many seconds equal lines are counted before their number is written.
    static let period: Int64 = 60
    /// How many references a summary line names.
    static let mostReferences = 20

    /// A line without its reference. Two requests that cause equal lines share one.
    private struct Line: Hashable {
        let level: Logger.Level
        let message: String
        let fields: [String: String]

        /// The line without the fields whose values a caller can choose.
        var withoutNames: Line {
            Line(level: level, message: message, fields: fields.filter { !Self.names.contains($0.key) })
        }

        private static let names: Set<String> = ["account", "cause", "client", "network", "resource"]
    }

    fileprivate struct Repeats {
        let since: Timestamp
        var count = 0
        var references: [String] = []

        func isDue(at now: Timestamp) -> Bool {
            // A clock that was set back must not delay the summary by as much as it was wrong.
            now - since >= DeduplicatedLog.period || now < since
        }
    }

    private struct State {
        var lines: [Line: Repeats] = [:]
        /// Counts the lines that came while there were too many different ones.
        var unnamed: Repeats?
        var nextSweep: Timestamp?
    }

    private let log: Logger
    private let clock: WallClock
    private let capacity: Int
    private let state = Mutex(State())

    /// A log that writes to `log` and distinguishes at most `capacity` lines within a minute.
    package init(_ log: Logger, clock: WallClock, capacity: Int = 200) {
        self.log = log
        self.clock = clock
        self.capacity = capacity
    }

    /// Writes a line, or counts it when an equal one was written within the last minute. `reference` is the id that the error
    /// page or the response shows; it does not make two lines different.
    package func note(
        _ message: String, level: Logger.Level = .info, _ fields: [String: String?] = [:], reference: String? = nil
    ) {
        guard log.logLevel <= level else { return }
        let line = Line(level: level, message: message, fields: fields.compactMapValues { $0.map(LogText.bounded) })
        let now = clock.now()
        let (summaries, isNew) = state.withLock { state in
            (sweep(&state, now: now), count(line, reference, in: &state, now: now))
        }
        for summary in summaries { write(summary.line, summary.repeats) }
        guard isNew else { return }
        var metadata = Self.metadata(of: line)
        metadata["reference"] = reference.map { "\($0)" }
        metadata["trace"] = TraceID.current.map { "\($0)" }
        log.log(level: level, "\(message)", metadata: metadata)
    }

    /// Writes the summaries that are due, for the time when no refusal triggers it.
    package func flush() {
        let now = clock.now()
        for summary in state.withLock({ sweep(&$0, now: now, isForced: true) }) {
            write(summary.line, summary.repeats)
        }
    }

    /// Writes every outstanding summary before the server stops.
    package func finish() {
        let rest = state.withLock { state in
            let rest = state.lines.map { (line: Optional($0.key), repeats: $0.value) }
            let unnamed = state.unnamed.map { (line: Line?.none, repeats: $0) }
            state = State()
            return rest + (unnamed.map { [$0] } ?? [])
        }
        for summary in rest where summary.repeats.count > 0 { write(summary.line, summary.repeats) }
    }

    /// Counts the line, and returns whether it is the first of its kind, which has to be written.
    private func count(_ line: Line, _ reference: String?, in state: inout State, now: Timestamp) -> Bool {
        if state.lines[line] != nil {
            state.lines[line]?.add(reference)
            return false
        }
        guard state.lines.count < (line == line.withoutNames ? 2 * capacity : capacity) else {
            // A caller who makes up one name after the other must not push out where and why requests were refused.
            let plain = line.withoutNames
            if plain != line { return count(plain, reference, in: &state, now: now) }
            state.unnamed = state.unnamed ?? Repeats(since: now)
            state.unnamed?.add(reference)
            return false
        }
        state.lines[line] = Repeats(since: now)
        return true
    }

    /// Removes and returns the counts that are due. A line that keeps coming keeps its place, so that it stays one line a
    /// minute.
    private func sweep(
        _ state: inout State, now: Timestamp, isForced: Bool = false
    ) -> [(line: Line?, repeats: Repeats)] {
        if !isForced, let next = state.nextSweep, now < next, next - now <= Self.period { return [] }
        var due: [(line: Line?, repeats: Repeats)] = []
        for (line, repeats) in state.lines where repeats.isDue(at: now) {
            if repeats.count > 0 { due.append((line, repeats)) }
            state.lines[line] = repeats.count > 0 ? Repeats(since: now) : nil
        }
        if let unnamed = state.unnamed, unnamed.isDue(at: now) {
            due.append((nil, unnamed))
            state.unnamed = nil
        }
        let earliest = (state.lines.values.map(\.since) + (state.unnamed.map { [$0.since] } ?? [])).min()
        state.nextSweep = earliest.map { $0 + Self.period }
        return due
    }

    private func write(_ line: Line?, _ repeats: Repeats) {
        let line =
            line
            ?? Line(level: .warning, message: "too many different refusals; the rest are counted together", fields: [:])
        var metadata = Self.metadata(of: line)
        metadata["repeated"] = "\(repeats.count)"
        metadata["since"] = "\(repeats.since.rfc3339)"
        if !repeats.references.isEmpty { metadata["references"] = "\(repeats.references.joined(separator: " "))" }
        log.log(level: line.level, "\(line.message)", metadata: metadata)
    }

    private static func metadata(of line: Line) -> Logger.Metadata {
        line.fields.mapValues { "\($0)" }
    }
}

extension DeduplicatedLog.Repeats {
    fileprivate mutating func add(_ reference: String?) {
        count += 1
        if let reference, references.count < DeduplicatedLog.mostReferences { references.append(reference) }
    }
}
