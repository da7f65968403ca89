import JOSE
import OAuth

/// A set of keys and who named it. No client is answered from the fetch of another one, nor uses up its fetches, by naming the same
/// URL.
struct KeySetPlace: Hashable, Sendable {
    let keys: ClientKeys
    let source: KeySetSource
}

/// The key sets of parties of one standing, and the latest attempts to fetch them. Each standing has a memory of its own, so that
/// strangers evict no set of anybody else.
struct KeySetMemory {
    /// A parsed set.
    struct Entry: Sendable {
        let set: JWKSet
        let fetchedAt: Timestamp
        let freshUntil: Timestamp
        /// The keys that a signature selected before, also the unusable ones. The others stay unimported.
        var imported: [JWK: Result<VerificationKey, KeyError>] = [:]
    }

    /// An attempt to fetch a set.
    struct Attempt: Sendable {
        let at: Timestamp
        /// Why the set cannot be used; nil for a success and for a failure of the moment.
        var fault: OAuthError?
    }

    static let capacity = 1_000

    private var entries: [KeySetPlace: Entry] = [:]
    private var attempts: [KeySetPlace: Attempt] = [:]

    /// The set at this place; a new one in a full memory replaces the one that was fetched first.
    subscript(_ place: KeySetPlace) -> Entry? {
        get { entries[place] }
        set {
            if newValue != nil, entries[place] == nil, entries.count >= Self.capacity,
                let oldest = entries.min(by: { $0.value.fetchedAt < $1.value.fetchedAt })
            {
                entries[oldest.key] = nil
            }
            entries[place] = newValue
        }
    }

    /// The latest attempt to fetch the set at this place.
    func attempt(at place: KeySetPlace) -> Attempt? { attempts[place] }

    /// Records an attempt; one in a full memory replaces the oldest.
    mutating func record(_ attempt: Attempt, at place: KeySetPlace) {
        if attempts[place] == nil, attempts.count >= Self.capacity,
            let oldest = attempts.min(by: { $0.value.at < $1.value.at })
        {
            attempts[oldest.key] = nil
        }
        attempts[place] = attempt
    }

    /// Remembers keys of the set at this place.
    mutating func remember(_ keys: [JWK: Result<VerificationKey, KeyError>], at place: KeySetPlace) {
        entries[place]?.imported.merge(keys) { $1 }
    }
}
