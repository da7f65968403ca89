/// What came of one attempt to hand over an event, for the counter.
enum EventOutcome: String, Sendable {
    /// The MCP server has it.
    case delivered
    /// It will be tried again.
    case failed
    /// It is given up.
    case dead
}
