import AuthorizationServer
import Logging
import ServiceLifecycle
import UnixSignals

/// Reloads the configuration at SIGHUP.
///
/// The keys that can change in a running server take effect all together or not at all. The log names every other changed key,
/// which requires a restart.
struct Reloader: Service, CustomStringConvertible {
    let description = "reloader"
    private let running: RunningConfiguration
    private let supervision: Supervision
    private let log: Logger
    private let apply: @Sendable (ServerConfiguration) throws -> Void

    /// `apply` puts another configuration into effect, or throws and changes nothing.
    init(
        _ running: RunningConfiguration, supervision: Supervision, log: Logger,
        apply: @escaping @Sendable (ServerConfiguration) throws -> Void
    ) {
        self.running = running
        self.supervision = supervision
        self.log = log
        self.apply = apply
    }

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            supervision.say(.reloading)
            reload()
            // Also after a refused reload: the server serves as before.
            supervision.say(.ready)
        }
    }

    private func reload() {
        do {
            let configuration = try running.load()
            try apply(configuration)
            let applied = running.current.changeable(unlike: configuration)
            var metadata: Logger.Metadata = [
                "applied": "\(applied.isEmpty ? "nothing" : applied.joined(separator: ", "))"
            ]
            let waiting = running.started.fixed(unlike: configuration)
            if !waiting.isEmpty { metadata["needs_restart"] = "\(waiting.joined(separator: ", "))" }
            log.notice("configuration reloaded", metadata: metadata)
            running.follow(configuration)
        } catch {
            log.error(
                "configuration not reloaded; the previous one stays in effect",
                metadata: ["reason": "\(ErrorText.of(error))"])
        }
    }
}

extension ServerConfiguration {
    /// The keys that another configuration changes in a running server. TLS files count as changed each time: they are renewed
    /// under the same names.
    func changeable(unlike other: ServerConfiguration) -> [String] {
        (tls == nil || other.tls == nil ? [] : ["TLS files"]) + reloadable(unlike: other)
    }

    /// The keys in which another configuration differs and that a reload puts into effect.
    func reloadable(unlike other: ServerConfiguration) -> [String] { names(.applied, unlike: other) }

    /// The keys in which another configuration differs and that require a restart.
    func fixed(unlike other: ServerConfiguration) -> [String] {
        // A reload replaces the files, but cannot turn TLS on or off.
        names(.waits, unlike: other) + ((tls == nil) == (other.tls == nil) ? [] : ["tls"])
    }

    /// The names of the keys of one sort in which another configuration differs.
    private func names(_ reload: ConfigurationKey.Reload, unlike other: ServerConfiguration) -> [String] {
        var names: [String] = []
        for setting in ConfigurationKeys.settings where setting.key.reload == reload && !setting.isSame(self, other) {
            let (path, group) = (setting.key.path, setting.key.components[0])
            let name = Self.reportedAsGroups.contains(group) ? group : path
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// The groups whose keys belong together so closely that a report names the group.
    private static let reportedAsGroups = ["tokens", "sessions", "connections"]
}
