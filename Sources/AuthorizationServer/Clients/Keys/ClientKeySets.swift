import JOSE
import Logging
import OAuth
import Outbound

/// The public keys of clients and MCP servers, in memory: parsed once, imported when a signature selects them, and fetched again
/// when they are old or when a signature names an unknown key.
///
/// Spec: RFC 7517 §5
actor ClientKeySets {
    /// How many keys with one name are tried for one signature.
    private static let mostCandidates = 4
    /// For how many seconds a set is used beyond its freshness while its host fails.
    static let lastGood: Int64 = 3600
    /// The shortest time between two fetches of a set that is in memory, in seconds.
    static let pause: Int64 = 60
    /// The same for a set that is not, so that a dead host makes one request wait and not each.
    private static let firstPause: Int64 = 5
    private static let mostBytes = 64 * 1024

    private let fetcher: KeySetFetcher
    private let log: Logger
    private var memories: [KeySetSource.Standing: KeySetMemory] = [:]
    private var flights: [KeySetPlace: Task<KeySetMemory.Entry, any Error>] = [:]
    /// The number of keys that were imported.
    private(set) var imports = 0

    init(fetcher: DocumentFetcher, operators: OperatorClient, log: Logger) {
        self.fetcher = KeySetFetcher(fetcher: fetcher, operators: operators)
        self.log = log
    }

    /// The keys that may verify an assertion: those of its algorithm, with its `kid` if it names one. Empty if there is none.
    ///
    /// Throws `temporarily_unavailable` when the set cannot be fetched now, and `invalid_client` when it is faulty.
    func keys(
        for assertion: ClientAssertion, _ keys: ClientKeys, from source: KeySetSource, now: Timestamp
    ) async throws -> VerificationKeySet {
        try await self.keys(kid: assertion.kid, algorithm: assertion.algorithm, keys, from: source, now: now)
    }

    /// The keys that may verify a signature with this `kid` and algorithm; none for an algorithm that is not accepted (nil).
    func keys(
        kid: String?, algorithm: SignatureAlgorithm?, _ keys: ClientKeys, from source: KeySetSource, now: Timestamp
    ) async throws -> VerificationKeySet {
        guard let algorithm else { return VerificationKeySet([]) }
        let place = KeySetPlace(keys: keys, source: source)
        let set: JWKSet
        switch keys {
        case .inline(let bytes): set = try entry(place, bytes, now).set
        case .url(let url):
            set = try await current(place, url, now: now) {
                !$0.select(kid: kid, algorithm: algorithm).isEmpty
            }
        }
        var materials: Set<JWK.Material> = []
        // A key that is listed twice is tried once.
        let distinct = set.select(kid: kid, algorithm: algorithm).filter {
            materials.insert($0.material).inserted
        }
        return VerificationKeySet(await imported(Array(distinct.prefix(Self.mostCandidates)), at: place))
    }

    // MARK: Keys in memory

    private func insert(_ entry: KeySetMemory.Entry, at place: KeySetPlace) {
        memories[place.source.standing, default: KeySetMemory()][place] = entry
    }

    private func record(_ attempt: KeySetMemory.Attempt, at place: KeySetPlace) {
        memories[place.source.standing, default: KeySetMemory()].record(attempt, at: place)
    }

    private func imported(_ keys: [JWK], at place: KeySetPlace) async -> [VerificationKey] {
        var known = memories[place.source.standing]?[place]?.imported ?? [:]
        let missing = keys.filter { known[$0] == nil }
        if !missing.isEmpty {
            imports += missing.count
            // Not on the actor, where it would hold up the requests of all other parties.
            let new = await Self.importing(missing)
            memories[place.source.standing]?.remember(new, at: place)
            known.merge(new) { $1 }
        }
        return keys.compactMap { try? known[$0]?.get() }
    }

    @concurrent private static func importing(_ keys: [JWK]) async -> [JWK: Result<VerificationKey, KeyError>] {
        var results: [JWK: Result<VerificationKey, KeyError>] = [:]
        for jwk in keys {
            results[jwk] = Result { () throws(KeyError) in try VerificationKey(jwk) }
        }
        return results
    }

    private func entry(_ place: KeySetPlace, _ bytes: [UInt8], _ now: Timestamp) throws -> KeySetMemory.Entry {
        if let known = memories[place.source.standing]?[place] { return known }
        let entry = KeySetMemory.Entry(set: try Self.parsed(bytes), fetchedAt: now, freshUntil: now)
        insert(entry, at: place)
        return entry
    }

    private static func parsed(_ bytes: [UInt8]) throws -> JWKSet {
        guard let object = try? JSONObject(parsing: bytes, limits: JSON.Limits(bytes: mostBytes)),
            let set = try? JWKSet(json: object)
        else { throw OAuthError(.invalidClient, "The key set of the client must be a JWK set of at most 100 keys.") }
        return set
    }

    // MARK: Keys at a URL

    /// The set at a URL: the one in memory while it is fresh and `suffices`, or a new one, fetched once a minute at most.
    private func current(
        _ place: KeySetPlace, _ url: String, now: Timestamp, suffices: (JWKSet) -> Bool
    ) async throws -> JWKSet {
        let known = memories[place.source.standing]?[place]
        if let known, now < known.freshUntil, now >= known.fetchedAt, suffices(known.set) { return known.set }
        if flights[place] == nil, let last = memories[place.source.standing]?.attempt(at: place),
            now.isWithin((known == nil ? Self.firstPause : Self.pause) - 1, of: last.at)
        {
            return try standIn(known, now, for: last.fault ?? Self.unavailable)
        }
        do {
            return try await fetched(place, url, now: now).set
        } catch {
            return try standIn(known, now, for: error)
        }
    }

    /// The last good set, while its host fails; after an hour without it, the keys that it holds may be revoked long since. For a
    /// set that its owner took away or spoiled nothing stands in: that is how an owner revokes keys.
    private func standIn(_ known: KeySetMemory.Entry?, _ now: Timestamp, for error: any Error) throws -> JWKSet {
        guard (error as? OAuthError)?.code == .temporarilyUnavailable, let known,
            now < known.freshUntil + Self.lastGood, now >= known.fetchedAt
        else { throw error }
        return known.set
    }

    /// Fetches a set, or joins the fetch that is under way.
    private func fetched(_ place: KeySetPlace, _ url: String, now: Timestamp) async throws -> KeySetMemory.Entry {
        if let flight = flights[place] { return try await flight.value }
        record(KeySetMemory.Attempt(at: now), at: place)
        let flight = Task { try await self.fetch(url, place.source, now: now) }
        flights[place] = flight
        defer { flights[place] = nil }
        do {
            let entry = try await flight.value
            insert(entry, at: place)
            return entry
        } catch let error as OAuthError where error.code == .invalidClient {
            memories[place.source.standing]?[place] = nil
            record(KeySetMemory.Attempt(at: now, fault: error), at: place)
            throw error
        }
    }

    private nonisolated func fetch(
        _ url: String, _ source: KeySetSource, now: Timestamp
    ) async throws -> KeySetMemory.Entry {
        do {
            let (bytes, lifetime) = try await fetcher.body(of: url, source)
            return KeySetMemory.Entry(set: try Self.parsed(bytes), fetchedAt: now, freshUntil: now + lifetime)
        } catch let error as OutboundFailure {
            log.info("a key set cannot be fetched", metadata: ["url": "\(url)", "reason": "\(error)"])
            guard error.withdrawsKeys else { throw Self.unavailable }
            throw OAuthError(.invalidClient, "The key set of the client cannot be used.", reason: "\(url): \(error)")
        }
    }

    private static let unavailable = OAuthError(
        .temporarilyUnavailable, "The keys of the client cannot be fetched at the moment. Try again later.")
}
