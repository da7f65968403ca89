/// What a doctor looks at besides the database; what is missing belongs to a server, and there is none.
package struct Diagnostics: Sendable {
    let timelines: Timelines?
    let trial: ClientTrial?

    /// A server has timelines, a command that works on the files has none.
    package init(timelines: Timelines? = nil, trial: ClientTrial? = nil) {
        self.timelines = timelines
        self.trial = trial
    }
}
