import JOSE

/// Users' API keys for other services, in memory and bounded; nothing prints them.
actor ServiceKeyStore {
    static let maximumPeople = 1000
    static let maximumKeys = 20

    private var keys: [String: [String: Secret]] = [:]

    /// Stores a key and replaces an earlier one; returns nil on success, else the reason in one sentence.
    func keep(_ key: Secret, for service: String, of person: String) -> String? {
        var drawer = keys[person] ?? [:]
        guard drawer[service] != nil || drawer.count < Self.maximumKeys,
            keys[person] != nil || keys.count < Self.maximumPeople
        else { return "The key store is full." }
        drawer[service] = key
        keys[person] = drawer
        return nil
    }

    /// A user's key for a service.
    func key(for service: String, of person: String) -> Secret? { keys[person]?[service] }
}
