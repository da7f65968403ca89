/// What a doctor looks at besides the database; what is missing belongs to a server, and there is none.
package struct Diagnostics: Sendable {
    let timelines: Timelines?

    /// A server has timelines, a command that works on the files has none.
    package init(timelines: Timelines? = nil) {
        self.timelines = timelines
    }
}
