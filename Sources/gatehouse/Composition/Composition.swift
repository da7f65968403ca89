import AuthorizationServer
import Foundation
import JOSE
import Logging
import OAuth
import Outbound
import ServiceLifecycle
import Storage
import Web

/// Builds the server: listeners, background work, and everything that they depend on.
struct Composition {
    let housekeeper: Housekeeper
    let deliverer: EventDeliverer
    private let configuration: ServerConfiguration
    private let running: RunningConfiguration
    private let gatehouse: Gatehouse
    private let probe: ClientProbe
    private let fetcher: DocumentFetcher
    private let tls: TLSIdentity?
    private let renderer: PageRenderer
    private let counters = RequestCounters()
    private let witness = ProxyWitness()
    let readiness = ListenerReadiness()
    private let openFiles: UInt64
    private let additions: ServerAdditions
    private let log: Logger

    /// `openFiles` is the number of files that this process may open, for the log and the connection limits.
    init(
        _ configuration: ServerConfiguration, prerequisites: Prerequisites, renderer: PageRenderer, trust: TrustRoots,
        additions: ServerAdditions = ServerAdditions(), openFiles: UInt64, log: Logger,
        load: @escaping @Sendable () throws -> ServerConfiguration
    ) throws {
        fetcher = DocumentFetcher(
            policy: try configuration.fetchPolicy(), roots: trust, proxy: configuration.outboundProxyInUse,
            rulesIn: prerequisites.store)
        probe = try configuration.clientProbe(store: prerequisites.store, trust: trust, log: log)
        tls = try configuration.tls.map { try TLSIdentity($0.files) }
        self.configuration = configuration
        running = RunningConfiguration(configuration, load: load)
        self.renderer = renderer
        self.openFiles = openFiles
        self.additions = additions
        self.log = log
        var settings = try configuration.settings()
        settings.additionalMetadata = additions.metadata
        gatehouse = Gatehouse(
            settings: settings, store: prerequisites.store, keys: prerequisites.keys,
            fetcher: fetcher,
            operators: OperatorClient(
                roots: trust, patience: 10, connections: 8, proxy: configuration.outboundProxyInUse),
            hasher: PasswordHasher(), log: log)
        housekeeper = Housekeeper(gatehouse, log: log)
        deliverer = EventDeliverer(
            gatehouse,
            sender: EventSender(
                roots: trust, proxy: configuration.outboundProxyInUse), log: log)
    }

    /// The public listener.
    func main() throws -> Listener {
        let proxies = try ProxyTrust(proxies: configuration.proxies)
        let router = Routes.router(
            gatehouse, renderer: renderer, proxies: proxies, counters: counters, witness: witness,
            backChannel: configuration.backChannel(proxies), logsRequests: configuration.logRequests)
        return try .main(
            router: router, host: configuration.listen.host, port: configuration.listen.port,
            tls: tls, limits: configuration.limits(openFiles: openFiles), proxies: proxies,
            logger: .libraries(readiness), whenRunning: markReady("main"))
    }

    /// The listener for health checks and metrics.
    func operations() throws -> Listener {
        let probe = WriteProbe { [store = gatehouse.store] in try await store.write { try $0.clock.probeWriting() } }
        let obstacles: @Sendable () async -> [String] = { [store = gatehouse.store, readiness] in
            guard readiness.areAllReady else { return ["not every listener is up"] }
            do {
                _ = try await store.read { try $0.clock.last() }
            } catch {
                return ["the database does not answer: \(ErrorText.of(error))"]
            }
            return await probe.obstacle().map { [$0] } ?? []
        }
        let metrics = ServerMetrics(
            configuration, store: gatehouse.store, keys: gatehouse.keys, clock: gatehouse.clock,
            isReady: { await obstacles().isEmpty })
        let operations = Operations(obstacles: obstacles, metrics: { await metrics.text() })
        return try .operations(
            operations, host: configuration.operationsListen.host, port: configuration.operationsListen.port,
            hosts: configuration.operationsHosts + [gatehouse.settings.issuer.host],
            limits: configuration.limits(openFiles: openFiles), logger: .libraries(readiness),
            whenRunning: markReady("operations"))
    }

    /// The admin socket, which the command line uses.
    func administration() throws -> Listener {
        let administration = Administration(
            store: gatehouse.store, keys: gatehouse.keys, providers: try configuration.providerClient(),
            diagnostics: Diagnostics(
                traces: gatehouse.traces, trial: probe,
                examine: { [installationCheck] in await installationCheck.findings() },
                examineServer: resourceCheck.findings),
            sessions: gatehouse.settings.sessions, tokens: gatehouse.settings.tokens,
            access: gatehouse.settings.access, issuer: gatehouse.settings.issuer,
            folder: DataFolder(at: configuration.data), clock: gatehouse.clock, log: log)
        return try configuration.administrationSocket().listener(
            logger: .libraries(readiness),
            handler: { [log] peer, bytes in
                switch await administration.respond(to: bytes, peer: peer.user) {
                case .json(let succeeded, let bytes): return .json(bytes, refused: !succeeded)
                case .file(let path):
                    do {
                        return .stream(try FileChunks(path).pieces)
                    } catch {
                        log.error("cannot send a file", metadata: ["error": "\(ErrorText.of(error))"])
                        return .json(AdministrationAnswer.bytes(.failure(Self.unsent)), refused: true)
                    }
                }
            }, whenRunning: markReady("admin"))
    }

    /// The listeners that this server has besides the three of every server.
    func additionalListeners() throws -> [Listener] { try additions.listeners(.libraries(readiness)) }

    /// Reloads the configuration at SIGHUP.
    func reloader(supervision: Supervision) -> Reloader {
        Reloader(running, supervision: supervision, log: log) {
            [fetcher, probe, tls, store = gatehouse.store] configuration in
            let policy = try configuration.fetchPolicy()
            for file in configuration.secretFiles { try file.check() }
            let present = try configuration.tls.flatMap { try tls?.prepared($0.files) }
            // Nothing below fails, so that a reload takes effect as a whole.
            present?()
            LogThreshold.shared.set(configuration.logLevel)
            fetcher.follow(policy)
            probe.follow(policy)
            store.countClientChange()
        }
    }

    /// The checks of `gatehouse doctor`.
    private var installationCheck: InstallationCheck {
        let server = RunningServer(
            keys: gatehouse.keys, witness: witness, configuration: running,
            paused: { [deliverer] in deliverer.paused() })
        return InstallationCheck(configuration: configuration, store: .success(gatehouse.store), server: server)
    }

    /// The checks of `gatehouse doctor --resource`.
    private var resourceCheck: ResourceCheck {
        ResourceCheck(configuration: configuration, store: gatehouse.store, contacts: gatehouse.contacts)
    }

    private static let unsent = AdministrationError(
        .unavailable, "The server wrote the file but cannot read it. The server's log has the cause.")

    /// Marks a listener as ready. The last one to start logs that the server is ready.
    private func markReady(_ name: String) -> Listener.WhenRunning {
        { [readiness, log, configuration, openFiles, additions] _ in
            guard readiness.markReady(name) else { return }
            log.notice(
                "ready",
                metadata: [
                    "issuer": "\(configuration.issuer)", "listen": "\(configuration.listen)",
                    "open_files": "\(openFiles)", "version": "\(BuildVersion.current)",
                ])
            additions.whenReady()
        }
    }
}

extension ServerConfiguration {
    /// The connection limits of a process that may open this many files.
    func limits(openFiles: UInt64) -> ConnectionLimits {
        ConnectionLimits(
            total: connectionLimit(openFiles: openFiles), perAddress: self.connectionsPerAddress,
            stall: self.connectionsStall)
    }

    /// At most as many connections as the process may open files, with a reserve for the database and outbound fetches.
    func connectionLimit(openFiles: UInt64) -> Int {
        min(self.connectionsTotal, max(16, Int(clamping: openFiles) - 256))
    }

    /// The hosts at which MCP servers reach the public listener on the internal network.
    func backChannel(_ proxies: ProxyTrust) -> BackChannel {
        BackChannel(hosts: self.backChannelHosts, isEncrypted: tls != nil, proxies: proxies)
    }
}

extension ServerConfiguration.TLS {
    /// The certificate and key files, as listener and doctor read them.
    var files: TLSFiles { TLSFiles(certificate: certificate, key: key) }
}

extension ServerConfiguration {
    /// The proxy with what the operator vouches for; nil without one.
    var outboundProxyInUse: OutboundProxy? { self.outboundProxy?.vetting(self.outboundProxyVets) }

    /// The admin socket.
    func administrationSocket() throws -> AdministrationSocket {
        try AdministrationSocket(path: self.adminSocket, data: self.data, group: self.adminGroup)
    }

    /// The probe with which `doctor --client` checks metadata documents.
    func clientProbe(store: Store, trust: TrustRoots, log: Logger) throws -> ClientProbe {
        let fetcher = DocumentFetcher(
            policy: try fetchPolicy(), roots: trust, proxy: outboundProxyInUse, rulesIn: store)
        return ClientProbe(store: store, fetcher: fetcher, settings: try settings(), log: log)
    }

    /// The policy for fetching client metadata documents.
    func fetchPolicy() throws -> FetchPolicy {
        try FetchPolicy(
            maximumSize: self.documentsMaxSize, allow: self.documentsAllow, block: self.documentsBlock,
            privateHosts: self.documentsPrivateHosts.map(\.description))
    }
}
