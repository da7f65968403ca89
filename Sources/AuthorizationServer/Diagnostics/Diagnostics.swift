/// What a doctor looks at besides the database; what is missing belongs to a server, and there is none.
package struct Diagnostics: Sendable {
    let timelines: AuthorizationTraces?
    let trial: ClientProbe?
    let examine: (@Sendable () async -> [Finding])?

    /// A server has timelines and can examine itself; a command that works on the files has neither.
    package init(
        timelines: AuthorizationTraces? = nil, trial: ClientProbe? = nil,
        examine: (@Sendable () async -> [Finding])? = nil
    ) {
        self.timelines = timelines
        self.trial = trial
        self.examine = examine
    }
}
