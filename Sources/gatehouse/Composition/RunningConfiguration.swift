import Synchronization

/// The configuration of a running server: at its start, after the last reload, and as its sources say now.
final class RunningConfiguration: Sendable {
    /// The configuration at the start. Most keys keep their value from here until the next one.
    let started: ServerConfiguration
    /// Reads the sources with the flags and the environment of the server.
    let load: @Sendable () throws -> ServerConfiguration
    private let latest: Mutex<ServerConfiguration>

    init(_ started: ServerConfiguration, load: @escaping @Sendable () throws -> ServerConfiguration) {
        self.started = started
        self.load = load
        latest = Mutex(started)
    }

    /// The configuration of the last reload, from which the keys that change in a running server have their values.
    var current: ServerConfiguration { latest.withLock { $0 } }

    /// Notes that a reload put this configuration into effect.
    func follow(_ configuration: ServerConfiguration) { latest.withLock { $0 = configuration } }
}
