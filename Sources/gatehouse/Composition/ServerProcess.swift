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

/// The server as a process: what it stands on is opened in an order in which nothing half-started can be seen.
struct ServerProcess {
    private let configuration: ServerConfiguration
    private let load: @Sendable () throws -> ServerConfiguration
    private let acceptsClock: Bool

    /// `load` reads the configuration, now and when the process is told to read it anew; `acceptsClock` takes the machine's
    /// clock as right, though the database saw a later time.
    init(acceptsClock: Bool, load: @escaping @Sendable () throws -> ServerConfiguration) throws {
        configuration = try load()
        self.load = load
        self.acceptsClock = acceptsClock
    }

    /// Serves until SIGTERM or SIGINT; what is in flight then finishes. SIGHUP has the configuration read anew.
    func run() async throws {
        // Until it is listened for, SIGHUP would kill the process.
        signal(SIGHUP, SIG_IGN)
        LogThreshold.shared.set(configuration.log.level)
        LoggingSystem.bootstrap { _ in JSONLines() }
        MetricsSystem.bootstrap(MetricsRegistry.shared)
        let log = Logger(label: "gatehouse")
        // What needs no lock and can be wrong comes first: nothing is touched until it is right.
        for file in configuration.secretFiles { try file.check() }
        let renderer = try PageRenderer(
            templatesDirectory: configuration.paths.templates, base: try configuration.settings().issuer.path)
        let trust = try TrustRoots(additionalFiles: configuration.trust)
        if let fault = configuration.tls?.files.fault { throw Refusal(fault) }
        let directory = try DataDirectory.lock(configuration.paths.data, create: true)
        defer { directory.unlock() }
        // Another server with other data may live at this socket, which binding would take away from it.
        try configuration.administrationSocket().examine()
        try DataFolderGroup(configuration).apply()
        let ground = try await Prerequisites.open(configuration, directory, acceptsClock: acceptsClock, log: log)
        let server = try Composition(
            configuration, ground: ground, renderer: renderer, trust: trust, openFiles: FileLimit.raise(), log: log)
        try await serve(server, log: log)
        try ground.store.close()
    }

    private func serve(_ server: Composition, log: Logger) async throws {
        // Before a listener is bound: what expired or broke off while the server was down is in order at the first request.
        await server.housekeeper.round()
        // They stop in reverse: the public listener drains first, the admin socket goes with it, health answers longest.
        let services: [any Service] = [
            server.reloader(load), server.housekeeper, server.deliverer, try server.operations(),
            try server.administration(),
            try server.main(),
        ]
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: .libraries(server.up))
        group.maximumGracefulShutdownDuration = .seconds(30)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
        log.notice("stopped")
    }
}

extension Listener: Service {}

extension Logger {
    /// The logger of the libraries beneath: their errors alone, and only from the moment that the server is ready.
    static func libraries(_ up: ListenerReadiness) -> Logger {
        Logger(label: "gatehouse.libraries") { _ in JSONLines(logLevel: .error, speaks: { up.areAll }) }
    }
}

/// What the server stands on: an open database and the keys that it depends on.
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
            throw Refusal("\(error), or start once with --accept-clock if the earlier time was the wrong one")
        }
        try await store.write { transaction in
            if acceptsClock {
                try transaction.clock.reset(now.seconds)
            } else {
                try transaction.clock.note(now.seconds)
            }
        }
        // New keys are made only where nothing depends on old ones.
        let needed = try await store.read { try $0.refreshKeysInUse() }
        let keys = try configuration.openKeys(createIfEmpty: needed.isEmpty)
        if let past = try await RolledBackAuditChain.find(in: store, keys: keys, at: now).first(where: \.isRefused) {
            throw Refusal("\(past)")
        }
        // Whoever has a key that leaked must not be let in again by an older folder.
        if let revived = try await ReinstatedKey.find(in: store, keys: keys, at: now).first {
            throw Refusal("\(revived)")
        }
        // What stands on keys that were put out of use goes before anybody is served. What cannot go is in the log, and keeps
        // nobody from being served: the ring refuses those keys whatever stands on them.
        await KeyReplacement(store: store, keys: keys, log: log).finish(at: now)
        let ended = keys.putOutOfUse(.secret(.refresh))
        for id in try await store.read({ try $0.refreshKeysInUse() })
        where keys.secret(.refresh, id: id) == nil && !ended.contains(id) {
            throw Refusal(
                "the refresh key \(id) is missing in \(configuration.paths.keys), and live sessions depend on it; "
                    + "restore it from a backup of the keys, or, if it is lost, run 'gatehouse sessions revoke --all' first"
            )
        }
        if let unopened = try await UnreadableSealedValues.find(in: store, keys: keys) {
            log.warning("sealed values that no key opens", metadata: ["values": "\(unopened)"])
        }
        return Prerequisites(store: store, keys: keys)
    }
}
