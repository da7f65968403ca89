import Metrics

/// What came of one attempt to hand over an event, for the counter.
enum EventOutcome: String, Sendable {
    /// The MCP server has it.
    case delivered
    /// It will be tried again.
    case failed
    /// It is given up.
    case dead
}

extension Counters {
    /// Counts one attempt.
    func event(_ outcome: EventOutcome) {
        Counter(label: "gatehouse_events_total", dimensions: [("outcome", outcome.rawValue)]).increment()
    }
}
