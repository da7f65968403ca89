import JOSE
import Logging
package import OAuth
import Outbound
import Storage

/// Resolves a `client_id`: from the operator's record, from a cached metadata document, or by fetching the document.
/// Spec: Client ID Metadata Document §5
package struct ClientDirectory: Sendable {
    let store: Store
    let fetcher: DocumentFetcher
    let settings: Settings.Clients
    let log: Logger
    private let cache = ClientCache()
    private let unreachable = UnreachableDocuments()
    let keyFailures = DocumentKeyFailures()

    init(store: Store, fetcher: DocumentFetcher, settings: Settings.Clients, log: Logger) {
        self.store = store
        self.fetcher = fetcher
        self.settings = settings
        self.log = log
    }

    /// For how many seconds the last good document serves existing sessions while its host does not answer.
    private static let lastGood: Int64 = 7 * 86_400

    /// The client, without fetching anything; nil for a client whose document is not cached.
    func known(_ id: ClientID, now: Timestamp, trace: TraceWriter) async throws -> Client? {
        switch try await store.read({ try admittedRecord(of: id, in: $0) }) {
        case .registered(let client):
            trace.record(.clientRegistered)
            return client
        case .document(let kept):
            guard let kept, let client = fresh(kept, now: now) else {
                trace.record(.documentAwaited)
                return nil
            }
            trace.record(.documentKept(fetched: kept.fetchedAt, until: kept.expiresAt))
            return client
        }
    }

    /// The client of a new authorization. A document that is not fresh is fetched; the fetch counts against the limits of the
    /// user and of the browser.
    func resolve(
        _ id: ClientID, now: Timestamp, trace: TraceWriter, person: UserID, browser: Browser
    ) async throws -> Client {
        if let client = try await known(id, now: now, trace: trace) { return client }
        let history = try await store.read { try $0.documents.isKnown(id) }
        let claim = FetchClaim(
            askers: ["person \(person)", "browser \(browser.binding.base64URL)"],
            standing: history.itself ? .knownDocument : history.host ? .knownHost : .newHost)
        do {
            return try await fetch(id, now: now, on: claim, trace: trace)
        } catch let error as FetchError {
            throw AuthorizationFailure.page(error.refusal(.invalidClient))
        }
    }

    /// The client that redeems a code or revokes a token without a key. Nothing is fetched: the approval kept what the document
    /// said, and how the client has to authenticate.
    package func named(_ id: ClientID) async throws -> Client {
        let version = store.clientsVersion
        if let client = cache.registeredClient(id, version: version) { return client }
        switch try await store.read({ try record(of: id, in: $0) }) {
        case .registered(let client): return cached(client, of: version)
        case .document:
            return Client(id: id, metadata: ClientMetadata(name: id.string, redirectURIs: []), digest: nil)
        }
    }

    /// The client that refreshes a session. When its document cannot be fetched now, the last good one still counts.
    ///
    /// For a client that no user has approved nothing is fetched, because any stranger can send such a request. With `byKey` the client
    /// is to be proven by the keys of its document, which must be no older than those of a key set.
    package func refreshing(_ id: ClientID, byKey: Bool = false, now: Timestamp) async throws -> Client {
        // Read before the client: a later commit then invalidates the cached entry.
        let version = store.clientsVersion
        if let client = cache.client(id, version: version, now: now), !byKey || client.hasCurrentKeys(at: now) {
            return client
        }
        switch try await store.read({ try record(of: id, in: $0) }) {
        case .registered(let client): return cached(client, of: version)
        case .document(let kept):
            if let kept, let client = fresh(kept, now: now), !byKey || client.hasCurrentKeys(at: now) {
                cache.insert(client, until: kept.expiresAt, version: version)
                return client
            }
            let sessions = try await store.read { try $0.sessions.list(SessionFilter(client: id), limit: 1, now: now) }
            guard !sessions.isEmpty else { throw Self.unknown(id) }
            return try await byKey ? renewedForKeys(id, kept, now: now) : renewed(id, kept, now: now)
        }
    }

    /// The client, kept for the next request. `version` was read before it.
    private func cached(_ client: Client, of version: Int) -> Client {
        // An unapproved client may be deleted without a change of the version, so it must not be cached.
        if client.isLasting { cache.insert(client, until: nil, version: version) }
        return client
    }

    /// Whether the operator's lists and rules exclude a client with a metadata document now.
    func isShutOut(_ id: ClientID, in transaction: Transaction) throws -> Bool {
        guard id.isDocument, !fetcher.admits(id.string, rule: nil) else { return false }
        let rule = try transaction.rule(ofDocument: id)
        return try !fetcher.admits(id.string, rule: rule) && transaction.clients.find(id) == nil
    }

    // MARK: Records and cached documents

    /// What the database holds about a client.
    enum Record: Sendable {
        /// The record of an operator, or the client's own registration.
        case registered(Client)
        case document(CachedDocument?)
    }

    /// The record of a client. The order is policy: a block applies at once and to every client; then an operator's record wins
    /// over a document and over the client's own registration.
    func record(of id: ClientID, in transaction: Transaction) throws -> Record {
        if let block = try transaction.clientRules.block(client: id, host: id.documentHost) {
            throw Self.keptOut(id, by: "the rule '\(block.target.name)' of 'clients block'")
        }
        if let record = try transaction.clients.find(id) {
            return .registered(Client(id: id, metadata: record.metadata, source: .registered(record)))
        }
        guard id.isDocument else {
            guard id.isSelfRegistered, let client = try transaction.dynamicClients.find(id).flatMap(Client.init) else {
                throw Self.unknown(id)
            }
            return .registered(client)
        }
        guard try !isShutOut(id, in: transaction) else {
            throw Self.keptOut(id, by: fetcher.exclusion(of: id.string))
        }
        return .document(try transaction.documents.find(id))
    }

    func fresh(_ kept: CachedDocument?, now: Timestamp) -> Client? {
        guard let kept, now < kept.expiresAt else { return nil }
        return client(kept)
    }

    /// The client of a cached document; nil for a document that an earlier version accepted and this one refuses.
    func client(_ kept: CachedDocument) -> Client? {
        (try? ClientMetadataDocument.parse(kept.bytes, expected: kept.clientID)).map {
            Client(kept.clientID, $0, readAt: kept.lastGoodAt)
        }
    }

    // MARK: Fetching

    func renewed(_ id: ClientID, _ kept: CachedDocument?, now: Timestamp) async throws -> Client {
        let standIn = kept.flatMap { now < $0.lastGoodAt + Self.lastGood ? client($0) : nil }
        if let standIn, unreachable.contains(id, now: now) { return standIn }
        do {
            // The fetch counts against no user or browser, so that strangers cannot keep sessions from continuing.
            return try await fetch(id, now: now, on: FetchClaim(askers: [], standing: .knownDocument))
        } catch let error as OAuthError where error.code == .unauthorizedClient {
            throw error
        } catch {
            guard let standIn else { throw Self.refusal(withoutStandIn: error) }
            if error is FetchError { unreachable.insert(id, now: now) }
            return standIn
        }
    }

    func fetch(
        _ id: ClientID, now: Timestamp, on claim: FetchClaim, trace: TraceWriter? = nil
    ) async throws -> Client {
        do {
            let (fetched, document, lifetime) = try await read(id, on: claim, trace: trace)
            let kept = CachedDocument(
                clientID: id, bytes: fetched.body, digest: .sha256(fetched.body), fetchedAt: now,
                expiresAt: now + lifetime, lastGoodAt: now)
            try await store.write { try $0.documents.store(kept) }
            return Client(id, document, readAt: now)
        } catch let error as FetchError {
            log.info("metadata document not usable", metadata: ["client": "\(id)", "reason": "\(error.reason)"])
            throw error
        } catch let error as OAuthError {
            log.info("metadata document refused", metadata: ["client": "\(id)", "reason": "\(error.description)"])
            // A document that no longer permits this server's authentication ends the client's sessions too, so the last good
            // document must not stand in for it.
            if error.code == .unauthorizedClient { try await store.write { _ = try $0.documents.forget(id) } }
            throw error
        }
    }

    /// Fetches and checks a document, and returns for how many seconds it is fresh. Stores nothing.
    private func read(
        _ id: ClientID, on claim: FetchClaim, trace: TraceWriter?
    ) async throws -> (FetchedDocument, ClientMetadataDocument, lifetime: Int64) {
        let started = ContinuousClock.now
        func milliseconds() -> Int64 { Int64((ContinuousClock.now - started) / .milliseconds(1)) }
        let fetched: FetchedDocument
        do {
            fetched = try await fetcher.fetch(id.string, for: claim)
        } catch {
            trace?.record(.documentUnavailable(cause: "\(error.reason)", milliseconds: milliseconds()))
            throw error
        }
        let took = milliseconds()
        do throws(OAuthError) {
            let document = try ClientMetadataDocument.parse(fetched.body, expected: id)
            let lifetime = lifetime(of: fetched)
            trace?.record(
                .documentFetched(
                    host: id.documentHost ?? "", bytes: fetched.body.count, milliseconds: took, keptFor: lifetime))
            return (fetched, document, lifetime)
        } catch {
            trace?.record(
                .documentRefused(cause: error.description, bytes: fetched.body.count, milliseconds: took))
            throw error
        }
    }

    /// For how many seconds a document is fresh: its own lifetime within the configured bounds.
    func lifetime(of fetched: FetchedDocument) -> Int64 {
        fetched.freshFor(min: settings.documentCache.lowerBound, max: settings.documentCache.upperBound)
    }

    // MARK: Refusals

    private static func unknown(_ id: ClientID) -> OAuthError {
        id.isSelfRegistered
            ? .forgottenRegistration(id)
            : OAuthError(.invalidClient, "Unknown client. Check the client_id.", reason: "unknown client \(id)")
    }

    /// `cause` is for operators; users do not learn what the lists contain.
    private static func keptOut(_ id: ClientID, by cause: String) -> OAuthError {
        OAuthError(
            .invalidClient, "An administrator blocked this client or does not admit its host.",
            reason: "client \(id) is kept out by \(cause)")
    }

    /// The refusal of a refresh without a last good document. A faulty document is final; a host that fails may be asked again.
    private static func refusal(withoutStandIn error: any Error) -> OAuthError {
        switch error {
        case let error as FetchError: error.refusal(.unauthorizedClient)
        case let error as OAuthError where error.code == .invalidClient:
            OAuthError(.unauthorizedClient, error.description, reason: error.reason)
        default:
            OAuthError(
                .temporarilyUnavailable,
                "The client's metadata document cannot be read at the moment. Try again later.",
                reason: "\(error)")
        }
    }
}

extension Client {
    /// A client as it registered itself; nil for a registration that an earlier version accepted and this one refuses.
    init?(_ record: DynamicClient) {
        guard let registration = try? ClientRegistration(stored: record.metadata) else { return nil }
        self.init(id: record.id, metadata: registration.metadata, source: .dynamic(record))
    }

    /// Whether only a counted change of the client tables can end the client.
    fileprivate var isLasting: Bool {
        ownRegistration.map { $0.usedAt != nil } ?? true
    }

    /// A client as its document describes it, which was read at this time.
    init(_ id: ClientID, _ document: ClientMetadataDocument, readAt: Timestamp) {
        self.init(id: id, metadata: document.metadata, digest: document.securityDigest, readAt: readAt)
    }

    fileprivate init(id: ClientID, metadata: ClientMetadata, digest: Digest?, readAt: Timestamp? = nil) {
        self.init(
            id: id, metadata: metadata, source: .document(host: id.documentHost ?? "", digest: digest), readAt: readAt)
    }
}
