import AuthorizationServer
import JOSE
import OAuth
import Storage

/// Checks that database and keys folder match: by the checkpoints in the keys folder, and by the keys that were ended.
struct AuditTrailCheck {
    let configuration: ServerConfiguration
    let store: Store
    let now: Timestamp
    let isServed: Bool

    func findings() async -> [Finding] {
        do {
            let keys = try configuration.openKeys(createIfEmpty: false)
            let rolledBack = try await RolledBackAuditChain.find(in: store, keys: keys, at: now)
            let trail =
                rolledBack.isEmpty
                ? [Finding("audit trail", .ok, "The database matches the checkpoints in the keys folder.")]
                : rolledBack.map { Finding("audit trail", .problem, Sentence.of("\($0)")) }
            return try await trail + expired() + reinstated(keys) + unfinished(keys)
        } catch {
            // KeyCheck reports what is wrong with the keys.
            return []
        }
    }

    /// Records that are older than the configuration wants them to be, with a week for the next export.
    private func expired() async throws -> [Finding] {
        guard let age = configuration.retentionAudit,
            let first = try await store.read({ try $0.audit.retention.firstTime() }), now - first > age + 7 * 86_400
        else { return [] }
        return [
            Finding(
                "audit trail", .warning,
                "The oldest record is of \(first), and 'retention.audit' is \(age / 86_400)d. Run 'gatehouse audit export FILE "
                    + "--drop-expired'.")
        ]
    }

    private func reinstated(_ keys: KeyRing) async throws -> [Finding] {
        try await ReinstatedKey.find(in: store, keys: keys, at: now).map { Finding("keys", .problem, Sentence.of($0)) }
    }

    /// The ended keys on which sessions or secrets still depend.
    private func unfinished(_ keys: KeyRing) async throws -> [Finding] {
        try await KeyReplacement(store: store, keys: keys, log: nil).unfinished().map { purpose, ids in
            let fact = "The \(purpose.name) keys \(ids.joined(separator: ", ")) were ended"
            return isServed
                ? Finding(
                    "keys", .problem,
                    "\(fact), but something in the database still depends on them. The server tries again every minute; its log "
                        + "names the obstacle.")
                : Finding(
                    "keys", .warning,
                    "\(fact), but the database has no record of it. The next start revokes or seals again what depends on them."
                )
        }
    }
}
