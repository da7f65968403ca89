import JOSE
import Logging
import OAuth
import Outbound

/// The public keys of clients and MCP servers, in memory: parsed once, imported when a signature selects them, and fetched again
/// when they are old or when a signature names an unknown key.
///
/// Spec: RFC 7517 §5
actor ClientKeySets {
    /// Who named the key set, which decides how it is fetched.
    enum Source: Hashable, Sendable {
        /// The document or registration of this client: the URL is a stranger's. `isKnown` is true for a client that a user or an
        /// administrator accepted.
        case client(ClientID, isKnown: Bool)
        /// An administrator: private addresses are permitted.
        case administrator
        /// The metadata of a server that an administrator named: only global addresses are permitted.
        case metadata
    }

    /// A set of keys. No client is answered from the fetch of another one, nor uses up its fetches, by naming the same URL.
    private struct Place: Hashable {
        let keys: ClientKeys
        let source: Source
    }

    private struct Entry {
        let set: JWKSet
        /// The keys that a signature selected before. The others stay unimported: checking a hundred large ones takes seconds.
        var imported: [JWK: VerificationKey] = [:]
        let fetchedAt: Timestamp
        let freshUntil: Timestamp
    }

    private static let capacity = 1_000
    /// How many keys with one name are tried for one signature.
    private static let mostCandidates = 4
    /// The shortest and the longest time for which a fetched set is used, in seconds.
    private static let freshness: ClosedRange<Int64> = 300...3600
    /// For how many seconds a set is used beyond that while its host fails.
    private static let lastGood: Int64 = 3600
    /// The shortest time between two fetches of a set that is in memory, in seconds.
    private static let pause: Int64 = 60
    /// The same for a set that is not, so that a dead host makes one request wait and not each.
    private static let firstPause: Int64 = 5
    private static let mostBytes = 64 * 1024

    private let fetcher: DocumentFetcher
    private let operators: OperatorClient
    private let log: Logger
    private var entries: [Place: Entry] = [:]
    private var attempts: [Place: Timestamp] = [:]
    private var flights: [Place: Task<Entry, any Error>] = [:]

    init(fetcher: DocumentFetcher, operators: OperatorClient, log: Logger) {
        self.fetcher = fetcher
        self.operators = operators
        self.log = log
    }

    /// The keys that may verify an assertion: those of its algorithm, with its `kid` if it names one. Empty if there is none.
    ///
    /// Throws `temporarily_unavailable` when the set cannot be fetched now, and `invalid_client` when it is faulty.
    func keys(
        for assertion: ClientAssertion, _ keys: ClientKeys, from source: Source, now: Timestamp
    ) async throws -> VerificationKeySet {
        try await self.keys(kid: assertion.kid, algorithm: assertion.algorithm, keys, from: source, now: now)
    }

    /// The keys that may verify a signature with this `kid` and algorithm; none for an algorithm that is not accepted (nil).
    func keys(
        kid: String?, algorithm: SignatureAlgorithm?, _ keys: ClientKeys, from source: Source, now: Timestamp
    ) async throws -> VerificationKeySet {
        guard let algorithm else { return VerificationKeySet([]) }
        let place = Place(keys: keys, source: source)
        let set: JWKSet
        switch keys {
        case .inline(let bytes): set = try entry(place, bytes, now).set
        case .url(let url):
            set = try await current(place, url, source, now: now) {
                !$0.select(kid: kid, algorithm: algorithm).isEmpty
            }
        }
        let selected = set.select(kid: kid, algorithm: algorithm).prefix(Self.mostCandidates)
        return VerificationKeySet(selected.compactMap { imported($0, at: place) })
    }

    // MARK: Keys in memory

    private func imported(_ jwk: JWK, at place: Place) -> VerificationKey? {
        if let known = entries[place]?.imported[jwk] { return known }
        guard let key = try? VerificationKey(jwk) else { return nil }
        entries[place]?.imported[jwk] = key
        return key
    }

    private func entry(_ place: Place, _ bytes: [UInt8], _ now: Timestamp) throws -> Entry {
        if let known = entries[place] { return known }
        let entry = Entry(set: try Self.parsed(bytes), fetchedAt: now, freshUntil: now)
        insert(entry, at: place)
        return entry
    }

    private func insert(_ entry: Entry, at place: Place) {
        // Emptied as a whole: each set costs one more parse or fetch then.
        if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
        entries[place] = entry
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
        _ place: Place, _ url: String, _ source: Source, now: Timestamp, suffices: (JWKSet) -> Bool
    ) async throws -> JWKSet {
        let known = entries[place]
        if let known, now < known.freshUntil, now >= known.fetchedAt, suffices(known.set) { return known.set }
        if flights[place] == nil, let last = attempts[place],
            now.isWithin((known == nil ? Self.firstPause : Self.pause) - 1, of: last)
        {
            return try standIn(known, now, for: Self.unavailable)
        }
        do {
            return try await fetched(place, url, source, now: now).set
        } catch {
            return try standIn(known, now, for: error)
        }
    }

    /// The last good set, while its host fails; after an hour without it, the keys that it holds may be revoked long since.
    private func standIn(_ known: Entry?, _ now: Timestamp, for error: any Error) throws -> JWKSet {
        guard let known, now < known.freshUntil + Self.lastGood, now >= known.fetchedAt else { throw error }
        return known.set
    }

    /// Fetches a set, or joins the fetch that is under way.
    private func fetched(_ place: Place, _ url: String, _ source: Source, now: Timestamp) async throws -> Entry {
        if let flight = flights[place] { return try await flight.value }
        if attempts.count >= Self.capacity { attempts.removeAll(keepingCapacity: true) }
        attempts[place] = now
        let flight = Task { try await self.fetch(url, source, now: now) }
        flights[place] = flight
        defer { flights[place] = nil }
        let entry = try await flight.value
        insert(entry, at: place)
        return entry
    }

    private nonisolated func fetch(_ url: String, _ source: Source, now: Timestamp) async throws -> Entry {
        do {
            let (bytes, lifetime) = try await body(of: url, source)
            return Entry(set: try Self.parsed(bytes), fetchedAt: now, freshUntil: now + lifetime)
        } catch let error as OutboundFailure {
            log.info("a key set cannot be fetched", metadata: ["url": "\(url)", "reason": "\(error)"])
            guard error.documentFault != nil else { throw Self.unavailable }
            throw OAuthError(.invalidClient, "The key set of the client cannot be used.", reason: "\(url): \(error)")
        }
    }

    /// The body at the URL, and for how many seconds it is fresh.
    private nonisolated func body(of url: String, _ source: Source) async throws -> ([UInt8], Int64) {
        switch source {
        case .client(let id, let isKnown):
            do throws(FetchError) {
                let document = try await fetcher.fetch(url, for: Self.claim(on: url, of: id, isKnown: isKnown))
                return (
                    document.body,
                    document.freshFor(min: Self.freshness.lowerBound, max: Self.freshness.upperBound)
                )
            } catch {
                throw error.reason
            }
        case .administrator, .metadata:
            let response = try await operators.get(
                RemoteURL(operator: url), namedBy: source == .metadata ? .aDocument : .anOperator)
            guard response.status == 200 else { throw OutboundFailure.status(response.status) }
            guard response.isJSON else {
                throw OutboundFailure.mediaType(response.values(of: "content-type").joined(separator: ", "))
            }
            return (response.body, Self.freshness.lowerBound)
        }
    }

    /// Whose share of the fetches a key set counts against. Those of all strangers together have one share. On the host of a known
    /// client's document the budget of known documents applies, which strangers cannot use up.
    private static func claim(on url: String, of id: ClientID, isKnown: Bool) -> FetchClaim {
        guard isKnown else { return FetchClaim(askers: ["keys of strangers"], standing: .newHost) }
        let isOwnHost = (try? ClientID(url))?.documentHost.map { $0 == id.documentHost } ?? false
        return FetchClaim(
            askers: isOwnHost ? [] : ["keys of \(id)"], standing: isOwnHost ? .knownDocument : .knownHost)
    }

    private static let unavailable = OAuthError(
        .temporarilyUnavailable, "The keys of the client cannot be fetched at the moment. Try again later.")
}
