import AuthorizationServer
import JOSE
import Storage

/// Whether everything that the database keeps sealed opens with the keys on the disk.
struct SealedCheck {
    let configuration: ServerConfiguration
    let store: Store

    func findings() async -> [Finding] {
        do {
            let keys = try configuration.openKeys(createIfEmpty: false)
            guard let unopened = try await UnreadableSealedValues.find(in: store, keys: keys) else {
                return [Finding("sealing", .ok, "The keys open everything that is sealed.")]
            }
            return [
                Finding(
                    "sealing", unopened.providers.isEmpty ? .warning : .problem,
                    "No key opens \(unopened). Put the keys folder back that belongs to this database; if there is none, add "
                        + "these providers anew, and let people connect their accounts again.")
            ]
        } catch {
            // What is wrong with the keys is told where they are looked at.
            return []
        }
    }
}
