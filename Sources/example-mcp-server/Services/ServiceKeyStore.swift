import JOSE

/// The keys that people gave for other services, in memory and within bounds; nothing prints them.
actor ServiceKeyStore {
    static let maximumPeople = 1000
    static let maximumKeys = 20

    private var keys: [String: [String: Secret]] = [:]

    /// Keeps a key in the place of an earlier one; nil when it is kept, else the sentence that says why not.
    func keep(_ key: Secret, for service: String, of person: String) -> String? {
        var drawer = keys[person] ?? [:]
        guard drawer[service] != nil || drawer.count < Self.maximumKeys,
            keys[person] != nil || keys.count < Self.maximumPeople
        else { return "The cabinet is full." }
        drawer[service] = key
        keys[person] = drawer
        return nil
    }

    /// The key of a person for a service.
    func key(for service: String, of person: String) -> Secret? { keys[person]?[service] }
}
