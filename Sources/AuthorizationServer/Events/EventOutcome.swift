/// The outcome of one attempt to deliver an event. The raw values are labels of the metric.
enum EventOutcome: String, Sendable {
    /// The MCP server has the event.
    case delivered
    /// Another attempt follows.
    case failed
    /// No attempt follows.
    case dead
}
