/// What a doctor looks at besides the database; what is missing belongs to a server, and there is none.
package struct Diagnostics: Sendable {
    let traces: AuthorizationTraces?
    let trial: ClientProbe?
    let examine: (@Sendable () async -> [Finding])?

    /// A server has traces and can examine itself; a command that works on the files has neither.
    package init(
        traces: AuthorizationTraces? = nil, trial: ClientProbe? = nil,
        examine: (@Sendable () async -> [Finding])? = nil
    ) {
        self.traces = traces
        self.trial = trial
        self.examine = examine
    }
}
