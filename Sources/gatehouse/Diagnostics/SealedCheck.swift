import AuthorizationServer
import JOSE
import Storage

/// Checks that the keys on the disk open every sealed value in the database.
struct SealedCheck {
    let configuration: ServerConfiguration
    let store: Store

    func findings() async -> [Finding] {
        do {
            let keys = try configuration.openKeys(createIfEmpty: false)
            guard let unopened = try await UnreadableSealedValues.find(in: store, keys: keys) else {
                return [Finding("sealing", .ok, "The keys open every sealed value.")]
            }
            return [
                Finding(
                    "sealing", unopened.providers.isEmpty && unopened.identityProviders.isEmpty ? .warning : .problem,
                    "No key opens \(unopened). Restore the keys folder that belongs to this database. If there is none, add "
                        + "these providers again and ask users to connect their accounts again.")
            ]
        } catch {
            // KeyCheck reports what is wrong with the keys.
            return []
        }
    }
}
