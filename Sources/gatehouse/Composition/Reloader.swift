import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration anew at SIGHUP, which would kill a process that does not listen for it.
///
/// What can change under a running server is applied as a whole or not at all; the log says what differs besides and waits for a
/// restart, so that nobody takes a key for changed that is not.
struct Reloader: Service, CustomStringConvertible {
    let description = "reloader"
    private let started: ServerConfiguration
    private let load: @Sendable () throws -> ServerConfiguration
    private let log: Logger
    private let apply: @Sendable (ServerConfiguration) async throws -> Void

    /// `started` is the configuration that the server began with, and `apply` puts into effect what can change of another one.
    init(
        _ started: ServerConfiguration, load: @escaping @Sendable () throws -> ServerConfiguration, log: Logger,
        apply: @escaping @Sendable (ServerConfiguration) async throws -> Void
    ) {
        self.started = started
        self.load = load
        self.log = log
        self.apply = apply
    }

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        do {
            let configuration = try load()
            try await apply(configuration)
            var metadata: Logger.Metadata = ["applied": "TLS files, clients.metadata_documents, log.level"]
            let waiting = started.fixed(unlike: configuration)
            if !waiting.isEmpty { metadata["needs_restart"] = "\(waiting.joined(separator: ", "))" }
            log.notice("configuration reloaded", metadata: metadata)
        } catch {
            log.error("configuration not reloaded; the old one holds", metadata: ["reason": "\(error)"])
        }
    }
}

extension ServerConfiguration {
    /// The groups of keys in which another configuration differs and that hold until the server is started anew.
    func fixed(unlike other: ServerConfiguration) -> [String] {
        let groups: [(name: String, isSame: Bool)] = [
            ("issuer", issuer == other.issuer), ("metadata_at_root", metadataAtRoot == other.metadataAtRoot),
            ("listen", listen == other.listen), ("operations.listen", operations == other.operations),
            ("operations.hosts", operationsHosts == other.operationsHosts),
            ("back_channel_hosts", backChannelHosts == other.backChannelHosts),
            ("connections", connections == other.connections), ("data", paths.data == other.paths.data),
            ("keys", paths.keys == other.paths.keys),
            ("keys_passphrase_file", paths.keysPassphraseFile == other.paths.keysPassphraseFile),
            ("templates", paths.templates == other.paths.templates),
            ("admin.socket", paths.adminSocket == other.paths.adminSocket),
            ("admin.group", adminGroup == other.adminGroup),
            ("default_resource", defaultResource == other.defaultResource), ("tokens", tokens == other.tokens),
            ("sessions", sessions == other.sessions),
            ("clients.metadata_documents.cache_min", clients.cacheMin == other.clients.cacheMin),
            ("clients.metadata_documents.cache_max", clients.cacheMax == other.clients.cacheMax),
            ("clients.localhost_any_port", clients.localhostAnyPort == other.clients.localhostAnyPort),
            ("log.requests", log.requests == other.log.requests), ("outbound.trust", trust == other.trust),
            ("proxies", proxies == other.proxies),
            // The files can change, not whether there are any.
            ("tls", (tls == nil) == (other.tls == nil)),
        ]
        return groups.filter { !$0.isSame }.map(\.name)
    }
}
