import AuthorizationServer
import Glibc
import JOSE
import Logging
import Metrics
import OAuth
import Outbound
import ServiceLifecycle
import Storage
import UnixSignals
import Web

/// The server as a process. Everything is checked and opened in an order in which a failed start leaves nothing behind.
struct ServerProcess {
    private let configuration: ServerConfiguration
    private let load: @Sendable () throws -> ServerConfiguration
    private let acceptsClock: Bool
    private let additions: ServerAdditions

    /// `load` reads the configuration, at the start and at each SIGHUP. `acceptsClock` accepts the system clock although the
    /// database has recorded a later time.
    init(
        acceptsClock: Bool, additions: ServerAdditions = ServerAdditions(),
        load: @escaping @Sendable () throws -> ServerConfiguration
    ) throws {
        configuration = try load()
        self.load = load
        self.acceptsClock = acceptsClock
        self.additions = additions
    }

    /// Serves until SIGTERM or SIGINT, and then finishes requests in flight. SIGHUP reloads the configuration.
    func run() async throws {
        // SIGHUP would kill the process until the reloader listens for it.
        signal(SIGHUP, SIG_IGN)
        LogThreshold.shared.set(configuration.logLevel)
        LoggingSystem.bootstrap { _ in JSONLines() }
        MetricsSystem.bootstrap(MetricsRegistry.shared)
        let log = Logger(label: "gatehouse")
        // Checks that need no lock come first, so that a wrong configuration changes nothing.
        for file in configuration.secretFiles { try file.check() }
        let renderer = try PageRenderer(
            templatesDirectory: configuration.templates, base: try configuration.settings().issuer.path)
        let trust = try TrustRoots(additionalFiles: configuration.outboundTrust)
        if let fault = configuration.tls?.files.fault { throw CommandError(fault) }
        let directory = try DataDirectory.lock(configuration.data, create: true)
        defer { directory.unlock() }
        // A server with other data may listen at this socket; binding would take the socket from it.
        try configuration.administrationSocket().examine()
        try DataFolderGroup(configuration).apply()
        let prerequisites = try await Prerequisites.open(
            configuration, directory, acceptsClock: acceptsClock, log: log)
        let supervision = Supervision(.ofThisProcess, log: log)
        let server = try Composition(
            configuration, prerequisites: prerequisites, renderer: renderer, trust: trust,
            additions: additions.announcing(to: supervision), openFiles: FileLimit.raise(), log: log, load: load)
        try await serve(server, supervision, log: log)
        try prerequisites.store.close()
    }

    private func serve(_ server: Composition, _ supervision: Supervision, log: Logger) async throws {
        // Before a listener is bound, so that the first request sees nothing that expired or broke off while the server was down.
        await server.housekeeper.round()
        // Services stop in reverse order: the public listener drains first, then the admin socket; health checks answer longest.
        let services: [any Service] =
            [server.reloader(supervision: supervision), server.housekeeper, server.deliverer]
            + (try server.additionalListeners()) + [
                try server.operations(), try server.administration(), try server.main(), supervision,
            ]
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: .libraries(server.readiness))
        group.maximumGracefulShutdownDuration = .seconds(30)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
        log.notice("stopped")
    }
}

extension Listener: Service {}

extension Logger {
    /// The logger for libraries. It logs their errors only, and only once the server is ready: Gatehouse reports a failed start
    /// itself.
    static func libraries(_ readiness: ListenerReadiness) -> Logger {
        Logger(label: "gatehouse.libraries") { _ in JSONLines(logLevel: .error, isEnabled: { readiness.areAllReady }) }
    }
}

/// The open database and the keys, both checked.
struct Prerequisites {
    let store: Store
    let keys: KeyRing

    static func open(
        _ configuration: ServerConfiguration, _ directory: DataDirectory, acceptsClock: Bool, log: Logger
    ) async throws -> Prerequisites {
        let store = try Store(path: directory.database, options: Store.Options(create: true))
        let now = WallClock.system.now()
        do {
            try await store.checkClock(now: now.seconds, allowStepBack: acceptsClock)
        } catch let error as StoreError {
            guard case .clockSteppedBack = error else { throw error }
            throw CommandError(
                "\(Sentence.of(error)) If the time in the database is the wrong one, start once with --accept-clock.")
        }
        try await store.write { transaction in
            if acceptsClock {
                try transaction.clock.reset(now.seconds)
            } else {
                try transaction.clock.advance(to: now.seconds)
            }
        }
        // New keys are created only if no session depends on a missing one.
        let needed = try await store.read { try $0.refreshKeysInUse() }
        let keys = try configuration.openKeys(createIfEmpty: needed.isEmpty)
        if let past = try await RolledBackAuditChain.find(in: store, keys: keys, at: now).first(where: \.isRefused) {
            throw CommandError("\(past)")
        }
        // An older keys folder must not bring back a key that leaked and was ended.
        if let revived = try await ReinstatedKey.find(in: store, keys: keys, at: now).first {
            throw CommandError("\(revived)")
        }
        // Sessions and secrets of ended keys are revoked or sealed again before the first request. A failure is logged and does not
        // stop the start: the key ring refuses ended keys in any case.
        await KeyReplacement(store: store, keys: keys, log: log).finish(at: now)
        let ended = keys.everEnded(.secret(.refresh))
        for id in try await store.read({ try $0.refreshKeysInUse() })
        where keys.secret(.refresh, id: id) == nil && !ended.contains(id) {
            throw CommandError(
                "The refresh key \(id) is missing in \(configuration.keys), and live sessions depend on it. Restore "
                    + "it from a backup of the keys. If it is lost, run 'gatehouse sessions revoke --all' first.")
        }
        if let unopened = try await UnreadableSealedValues.find(in: store, keys: keys) {
            log.warning("no key opens some sealed values", metadata: ["values": "\(unopened)"])
        }
        let ambiguous = try await store.read { try $0.clientPermissions.clientsNamedAsUsers() }
        if !ambiguous.isEmpty {
            log.warning(
                "these client ids begin with sub_ and cannot be permitted to act for themselves",
                metadata: ["clients": "\(ambiguous.map(\.string).joined(separator: " "))"])
        }
        return Prerequisites(store: store, keys: keys)
    }
}
