import AuthorizationServer
import OAuth
import Storage

/// Whether the database is the one whose last checkpoints are kept beside the keys.
struct TrailCheck {
    let configuration: ServerConfiguration
    let store: Store
    let now: Timestamp

    func findings() async -> [Finding] {
        do {
            let keys = try configuration.openKeys(createIfEmpty: false)
            let found = try await RestoredPast.find(in: store, keys: keys, at: now)
            guard found.isEmpty else { return found.map { Finding("audit trail", .problem, Sentence.of("\($0)")) } }
            return [Finding("audit trail", .ok, "The database is the one that the keys know.")]
        } catch {
            // What is wrong with the keys is told where they are looked at.
            return []
        }
    }
}
