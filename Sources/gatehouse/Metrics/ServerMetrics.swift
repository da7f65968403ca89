import AuthorizationServer
import Foundation
import JOSE
import OAuth
import Outbound
import Storage
import Web

/// Everything that `/metrics` shows: what endpoints counted, the state of the database, of the keys and of the process.
struct ServerMetrics: Sendable {
    let store: Store
    let keys: KeyRing
    let clock: WallClock
    let folder: String
    /// The certificate file, where TLS is Gatehouse's.
    let certificate: String?
    let registry: MetricsRegistry
    /// Whether the server is ready, as `/readyz` says.
    let isReady: @Sendable () async -> Bool
    private let load = LoadReading()

    /// The metrics of a server with this configuration.
    init(
        _ configuration: ServerConfiguration, store: Store, keys: KeyRing, clock: WallClock,
        registry: MetricsRegistry = .shared, isReady: @escaping @Sendable () async -> Bool
    ) {
        self.store = store
        self.keys = keys
        self.clock = clock
        folder = configuration.data
        certificate = configuration.tls?.certificate
        self.registry = registry
        self.isReady = isReady
        _ = ProcessMetrics.startTime
        // An alert on an increase needs the series before its first event.
        for outcome in ["delivered", "failed", "dead"] {
            _ = registry.makeCounter(label: "gatehouse_events_total", dimensions: [("outcome", outcome)])
        }
    }

    /// The metrics in the Prometheus text format.
    func text() async -> String { await families().map(\.text).joined() + BuildVersion.current.metric }

    /// The metrics as families.
    func families() async -> [MetricFamily] {
        let load = await load.present(of: store)
        let ready: MetricFamily = .gauge(
            "gatehouse_ready", "1 while the server is ready, as /readyz says.", await isReady() ? 1 : 0)
        return registry.families + [ready] + (load.map(stored) ?? []) + writer + disk + security
            + ProcessMetrics().families
    }

    private func stored(_ load: StoredLoad) -> [MetricFamily] {
        [
            .gauge(
                "gatehouse_sessions", "Live sessions by state.", by: "state",
                load.sessions.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, $0.value) }),
            .gauge(
                "gatehouse_waiting_events", "Events that wait for MCP servers which receive events.",
                load.events.count),
            .gauge(
                "gatehouse_waiting_events_age_seconds", "Age of the oldest waiting event; 0 without one.",
                age(load.events)),
            .gauge("gatehouse_open_elicitations", "Elicitations that wait for their users.", load.elicitations.count),
            .gauge(
                "gatehouse_unfinished_revocations", "Revocations of many sessions of which steps are left.",
                load.revocations.count),
            .gauge(
                "gatehouse_unfinished_revocations_age_seconds",
                "Age of the oldest unfinished revocation; 0 without one.",
                age(load.revocations)),
            .gauge("gatehouse_audit_head", "Number of the last record of the main audit chain.", load.auditHead),
            .gauge(
                "gatehouse_audit_checkpoint", "Number of the last record of the main audit chain that is signed.",
                load.checkpoint?.sequence ?? 0),
            .gauge(
                "gatehouse_audit_checkpoint_timestamp_seconds", "Time of the last checkpoint, in seconds since 1970.",
                load.checkpoint?.at.seconds ?? 0),
            .gauge(
                "gatehouse_backup_timestamp_seconds", "Time of the last backup, in seconds since 1970; 0 without one.",
                load.lastBackup?.seconds ?? 0),
        ]
    }

    private func age(_ queue: StoredLoad.Queue) -> Int64 { queue.oldest.map { max(0, clock.now() - $0) } ?? 0 }

    private var writer: [MetricFamily] {
        let counts = store.commitCounts
        return [
            .gauge("gatehouse_waiting_writes", "Writes that wait for the writer.", store.waitingWrites),
            .counter("gatehouse_writes_total", "Writes in commits, failed ones included.", counts.writes),
            MetricFamily(
                "gatehouse_commit_seconds", "Time of a group commit.", .histogram,
                MetricFamily.samples(
                    bounds: CommitCounts.bounds, classes: counts.classes, sum: counts.seconds)),
        ]
    }

    private var disk: [MetricFamily] {
        let sizes = store.fileSizes
        return [
            .gauge("gatehouse_database_bytes", "Size of the database file.", sizes.database),
            .gauge("gatehouse_wal_bytes", "Size of the write-ahead log beside the database.", sizes.log),
            .gauge(
                "gatehouse_disk_free_bytes", "Free space on the disk of the data directory.",
                FileStatus.Space(at: folder)?.freeBytes),
        ]
    }

    private var security: [MetricFamily] {
        let now = clock.now().seconds
        let active = keys.list(at: now).filter { $0.state == .active }
        return [
            .gauge(
                "gatehouse_key_active_timestamp_seconds",
                "Time since when the present key of a purpose is used, in seconds since 1970.", by: "purpose",
                active.map { ($0.purpose, $0.activeFrom) }.sorted { $0.0 < $1.0 }),
            .gauge(
                "gatehouse_certificate_expiry_timestamp_seconds",
                "End of the validity of the certificate in tls.certificate, in seconds since 1970.",
                certificate.flatMap { PeerCertificate(file: $0) }?.validity.upperBound),
        ]
    }
}

/// The load of the database, read at most every ten seconds, so that frequent scrapes cost no more than rare ones.
private actor LoadReading {
    private static let lifetime = Duration.seconds(10)

    private var last: (load: StoredLoad, at: ContinuousClock.Instant)?

    /// The present load; nil if the database does not answer.
    func present(of store: Store) async -> StoredLoad? {
        if let last, ContinuousClock.now - last.at < Self.lifetime { return last.load }
        guard let load = try? await store.read({ try $0.loads.read() }) else { return nil }
        last = (load, ContinuousClock.now)
        return load
    }
}
