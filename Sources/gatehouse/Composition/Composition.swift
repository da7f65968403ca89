import AuthorizationServer
import Foundation
import JOSE
import Logging
import OAuth
import Outbound
import ServiceLifecycle
import Storage
import Web

/// The whole server, put together in one place.
struct Composition {
    let housekeeper: Housekeeper
    let deliverer: EventDeliverer
    private let configuration: ServerConfiguration
    private let gatehouse: Gatehouse
    private let trial: ClientProbe
    private let fetcher: DocumentFetcher
    private let tls: TLSIdentity?
    private let renderer: PageRenderer
    private let counters = RequestCounters()
    private let witness = ProxyWitness()
    let up = ListenerReadiness()
    private let openFiles: UInt64
    private let log: Logger

    /// `openFiles` is the limit that was reached for this process, for the log.
    init(
        _ configuration: ServerConfiguration, ground: Prerequisites, renderer: PageRenderer, trust: TrustRoots,
        openFiles: UInt64, log: Logger
    ) throws {
        fetcher = DocumentFetcher(
            policy: try configuration.fetchPolicy(), roots: trust, rulesIn: ground.store)
        trial = try configuration.clientTrial(store: ground.store, trust: trust, log: log)
        tls = try configuration.tls.map { try TLSIdentity($0.files) }
        self.configuration = configuration
        self.renderer = renderer
        self.openFiles = openFiles
        self.log = log
        gatehouse = Gatehouse(
            settings: try configuration.settings(), store: ground.store, keys: ground.keys, fetcher: fetcher,
            operators: OperatorClient(roots: trust, patience: 10, connections: 8), hasher: PasswordHasher(), log: log)
        housekeeper = Housekeeper(gatehouse, log: log)
        deliverer = EventDeliverer(gatehouse, sender: EventSender(roots: trust), log: log)
    }

    /// The public listener.
    func main() throws -> Listener {
        let proxies = try ProxyTrust(proxies: configuration.proxies)
        let router = Routes.router(
            gatehouse, renderer: renderer, proxies: proxies, counters: counters, witness: witness,
            backChannel: configuration.backChannel(proxies), logsRequests: configuration.log.requests)
        return try .main(
            router: router, host: configuration.listen.host, port: configuration.listen.port,
            tls: tls, limits: configuration.limits(openFiles: openFiles), proxies: proxies, logger: .libraries(up),
            whenRunning: note("main"))
    }

    /// The operators' listener.
    func operations() throws -> Listener {
        let operations = Operations(
            obstacles: { [store = gatehouse.store, up] in
                guard up.areAll else { return ["not every listener is up"] }
                do {
                    _ = try await store.read { try $0.clock.last() }
                    return []
                } catch {
                    return ["the database does not answer: \(ErrorText.of(error))"]
                }
            },
            metrics: { [store = gatehouse.store, counters] in
                let events = try? await store.read { try $0.events.waitingCount() }
                let process = ProcessMetrics(waitingWrites: store.waitingWrites, waitingEvents: events)
                return counters.text + MetricsRegistry.shared.text + process.text
            })
        return try .operations(
            operations, host: configuration.operations.host, port: configuration.operations.port,
            hosts: configuration.operationsHosts + [gatehouse.settings.issuer.host],
            limits: configuration.limits(openFiles: openFiles), logger: .libraries(up), whenRunning: note("operations"))
    }

    /// The socket of the command line.
    func administration() throws -> Listener {
        let administration = Administration(
            store: gatehouse.store, keys: gatehouse.keys, providers: try configuration.providerClient(),
            diagnostics: Diagnostics(
                timelines: gatehouse.timelines, trial: trial, examine: { [examination] in await examination.findings() }
            ),
            sessions: gatehouse.settings.sessions, tokens: gatehouse.settings.tokens,
            folder: DataFolder(at: configuration.paths.data), clock: gatehouse.clock, log: log)
        return try configuration.administrationSocket().listener(
            logger: .libraries(up),
            handler: { [log] peer, bytes in
                switch await administration.respond(to: bytes, peer: peer.user) {
                case .json(let succeeded, let bytes): return .json(bytes, refused: !succeeded)
                case .file(let path):
                    do {
                        return .stream(try FileChunks(path).pieces)
                    } catch {
                        log.error("a file could not be sent", metadata: ["error": "\(ErrorText.of(error))"])
                        return .json(AdministrationAnswer.bytes(.failure(Self.unsent)), refused: true)
                    }
                }
            }, whenRunning: note("admin"))
    }

    /// Reads the configuration anew when the process is told to.
    func reloader(_ load: @escaping @Sendable () throws -> ServerConfiguration) -> Reloader {
        Reloader(configuration, load: load, log: log) { [fetcher, trial, tls, store = gatehouse.store] configuration in
            let policy = try configuration.fetchPolicy()
            for file in configuration.secretFiles { try file.check() }
            let present = try configuration.tls.flatMap { try tls?.prepared($0.files) }
            // From here on nothing can fail.
            present?()
            LogThreshold.shared.set(configuration.log.level)
            fetcher.follow(policy)
            trial.follow(policy)
            store.noteClientsChanged()
        }
    }

    /// What the doctor looks at.
    private var examination: Examination {
        let living = RunningServer(
            keys: gatehouse.keys, witness: witness, paused: { [deliverer] in deliverer.paused() })
        return Examination(configuration: configuration, store: .success(gatehouse.store), server: living)
    }

    private static let unsent = AdministrationError(
        .unavailable, "The file was made but cannot be read; see the server's log.")

    private func note(_ name: String) -> Listener.WhenRunning {
        { [up, log, configuration, openFiles] _ in
            guard up.note(name) else { return }
            log.notice(
                "ready",
                metadata: [
                    "issuer": "\(configuration.issuer)", "listen": "\(configuration.listen)",
                    "open_files": "\(openFiles)",
                ])
        }
    }
}

extension ServerConfiguration.TLS {
    /// The files, for the listener and for the doctor.
    var files: TLSFiles { TLSFiles(certificate: certificate, key: key) }
}

extension ServerConfiguration {
    /// What the decisions need of the configuration.
    func settings() throws -> Settings {
        Settings(
            issuer: try Issuer(issuer), metadataAtRoot: metadataAtRoot,
            defaultResource: try defaultResource.map { try ResourceIdentifier($0) },
            tokens: Settings.Tokens(access: tokens.access, code: tokens.code, refreshGrace: tokens.refreshGrace),
            sessions: Settings.Sessions(
                choices: sessions.choices, preselected: sessions.preselected, idle: sessions.idle),
            clients: Settings.Clients(
                documentCache: clients.cacheMin...clients.cacheMax, localhostAnyPort: clients.localhostAnyPort))
    }

    /// The place of the command line's socket.
    func administrationSocket() throws -> AdministrationSocket {
        try AdministrationSocket(path: paths.adminSocket, data: paths.data, group: adminGroup)
    }

    /// What tries clients' documents, by the rules of this configuration.
    func clientTrial(store: Store, trust: TrustRoots, log: Logger) throws -> ClientProbe {
        let fetcher = DocumentFetcher(policy: try fetchPolicy(), roots: trust, rulesIn: store)
        return ClientProbe(store: store, fetcher: fetcher, settings: try settings(), log: log)
    }

    /// What strangers' documents may be fetched from.
    func fetchPolicy() throws -> FetchPolicy {
        try FetchPolicy(
            maximumSize: clients.maxSize, allow: clients.allow, block: clients.block,
            privateHosts: clients.privateHosts.map(\.description))
    }
}
