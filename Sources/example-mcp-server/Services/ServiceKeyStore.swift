import JOSE

/// Users' API keys for other services, in memory and bounded; nothing prints them.
actor ServiceKeyStore {
    static let maximumUsers = 1000
    static let maximumKeys = 20

    private var keys: [String: [String: Secret]] = [:]

    /// Stores a key and replaces an earlier one; returns nil on success, else the reason in one sentence.
    func keep(_ key: Secret, for service: String, of user: String) -> String? {
        var drawer = keys[user] ?? [:]
        guard drawer[service] != nil || drawer.count < Self.maximumKeys,
            keys[user] != nil || keys.count < Self.maximumUsers
        else { return "The key store is full." }
        drawer[service] = key
        keys[user] = drawer
        return nil
    }

    /// A user's key for a service.
    func key(for service: String, of user: String) -> Secret? { keys[user]?[service] }
}
