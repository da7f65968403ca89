import AuthorizationServer
import JOSE
import OAuth
import Storage

/// Whether database and keys' folder are of one time: the checkpoints that are kept beside the keys, and the keys that were put
/// out of use.
struct AuditTrailCheck {
    let configuration: ServerConfiguration
    let store: Store
    let now: Timestamp
    let isServed: Bool

    func findings() async -> [Finding] {
        do {
            let keys = try configuration.openKeys(createIfEmpty: false)
            let found = try await RolledBackAuditChain.find(in: store, keys: keys, at: now)
            let trail =
                found.isEmpty
                ? [Finding("audit trail", .ok, "The database is the one that the keys know.")]
                : found.map { Finding("audit trail", .problem, Sentence.of("\($0)")) }
            return try await trail + revived(keys) + unfinished(keys)
        } catch {
            // What is wrong with the keys is told where they are looked at.
            return []
        }
    }

    private func revived(_ keys: KeyRing) async throws -> [Finding] {
        try await ReinstatedKey.find(in: store, keys: keys, at: now).map { Finding("keys", .problem, Sentence.of($0)) }
    }

    /// What still stands on keys that were put out of use.
    private func unfinished(_ keys: KeyRing) async throws -> [Finding] {
        try await KeyReplacement(store: store, keys: keys, log: nil).unfinished().map { purpose, ids in
            let what = "The \(purpose.name) keys \(ids.joined(separator: ", ")) were put out of use"
            return isServed
                ? Finding(
                    "keys", .problem,
                    "\(what), and what stands on them is not all ended or made anew; the server tries again every minute, and its "
                        + "log says what is in the way.")
                : Finding(
                    "keys", .warning,
                    "\(what), and this database does not know of it yet; the next start ends or makes anew what stands on them."
                )
        }
    }
}
