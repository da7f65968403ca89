/// What `gatehouse doctor` examines besides the database. A part is nil where only a running server has it and none runs.
package struct Diagnostics: Sendable {
    let traces: AuthorizationTraces?
    let trial: ClientProbe?
    let examine: (@Sendable () async -> [Finding])?

    /// The parts that a server has; a command that works directly on the files passes none of them.
    package init(
        traces: AuthorizationTraces? = nil, trial: ClientProbe? = nil,
        examine: (@Sendable () async -> [Finding])? = nil
    ) {
        self.traces = traces
        self.trial = trial
        self.examine = examine
    }
}
