/// What `gatehouse doctor` examines besides the database. A part is nil where only a running server has it and none runs.
package struct Diagnostics: Sendable {
    let traces: AuthorizationTraces?
    let trial: ClientProbe?
    let examine: (@Sendable () async -> [Finding])?
    let examineServer: (@Sendable (String) async throws -> [Finding])?

    /// The parts that a server has; a command that works directly on the files has fewer. `examineServer` examines the MCP server
    /// with a URL or an ID.
    package init(
        traces: AuthorizationTraces? = nil, trial: ClientProbe? = nil,
        examine: (@Sendable () async -> [Finding])? = nil,
        examineServer: (@Sendable (String) async throws -> [Finding])? = nil
    ) {
        self.traces = traces
        self.trial = trial
        self.examine = examine
        self.examineServer = examineServer
    }
}
