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
    private let started: ServerConfiguration
    private let load: @Sendable () throws -> ServerConfiguration
    private let log: Logger
    private let apply: @Sendable (ServerConfiguration) throws -> Void

    /// `started` is the configuration at the start of the server. `apply` puts another one into effect, or throws and changes
    /// nothing.
    init(
        _ started: ServerConfiguration, load: @escaping @Sendable () throws -> ServerConfiguration, log: Logger,
        apply: @escaping @Sendable (ServerConfiguration) throws -> Void
    ) {
        self.started = started
        self.load = load
        self.log = log
        self.apply = apply
    }

    func run() async throws {
        var current = started
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { reload(&current) }
    }

    private func reload(_ current: inout ServerConfiguration) {
        do {
            let configuration = try load()
            try apply(configuration)
            let applied = current.changeable(unlike: configuration)
            var metadata: Logger.Metadata = [
                "applied": "\(applied.isEmpty ? "nothing" : applied.joined(separator: ", "))"
            ]
            let waiting = started.fixed(unlike: configuration)
            if !waiting.isEmpty { metadata["needs_restart"] = "\(waiting.joined(separator: ", "))" }
            log.notice("configuration reloaded", metadata: metadata)
            current = configuration
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
        let (mine, its) = (clients, other.clients)
        let groups: [(name: String, isSame: Bool)] = [
            ("TLS files", tls == nil || other.tls == nil), ("log.level", log.level == other.log.level),
            ("clients.metadata_documents.allow", mine.allow == its.allow),
            ("clients.metadata_documents.block", mine.block == its.block),
            ("clients.metadata_documents.private_hosts", mine.privateHosts == its.privateHosts),
            ("clients.metadata_documents.max_size", mine.maxSize == its.maxSize),
            // Only commands send mail, and each reads the configuration anew.
            ("mail.command", mail.command == other.mail.command), ("mail.from", mail.sender == other.mail.sender),
        ]
        return groups.filter { !$0.isSame }.map(\.name)
    }

    /// The keys in which another configuration differs and that require a restart.
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
            ("access.default", opensNewResources == other.opensNewResources),
            ("clients.metadata_documents.cache_min", clients.cacheMin == other.clients.cacheMin),
            ("clients.metadata_documents.cache_max", clients.cacheMax == other.clients.cacheMax),
            ("clients.localhost_any_port", clients.localhostAnyPort == other.clients.localhostAnyPort),
            ("clients.registration", clients.registration == other.clients.registration),
            (
                "clients.require_pushed_authorization_requests",
                clients.requirePushedRequests == other.clients.requirePushedRequests
            ),
            ("sign_in.password", signInPassword == other.signInPassword),
            ("log.requests", log.requests == other.log.requests), ("outbound.trust", trust == other.trust),
            ("proxies", proxies == other.proxies),
            // A reload replaces the files, but cannot turn TLS on or off.
            ("tls", (tls == nil) == (other.tls == nil)),
        ]
        return groups.filter { !$0.isSame }.map(\.name)
    }
}
