import JOSE
import Logging
package import OAuth
import Outbound
import Storage

/// Finds out who a client is: from the operator's record, from a document fetched lately, or by fetching it now.
/// Spec: Client ID Metadata Document §5
package struct ClientDirectory: Sendable {
    let store: Store
    let fetcher: DocumentFetcher
    let settings: Settings.Clients
    let log: Logger
    private let memory = ClientCache()
    private let silence = UnreachableDocuments()

    init(store: Store, fetcher: DocumentFetcher, settings: Settings.Clients, log: Logger) {
        self.store = store
        self.fetcher = fetcher
        self.settings = settings
        self.log = log
    }

    /// How long the last good document carries existing sessions while its host does not answer.
    private static let lastGood: Int64 = 7 * 86_400

    /// The client, if nothing has to be fetched to know it; nil for a document that is not in the cache.
    func known(_ id: ClientID, now: Timestamp, for attempt: Attempt) async throws -> Client? {
        switch try await store.read({ try record(of: id, in: $0) }) {
        case .registered(let client):
            attempt.note(.clientRegistered)
            return client
        case .document(let kept):
            guard let kept, let client = fresh(kept, now: now) else {
                attempt.note(.documentAwaited)
                return nil
            }
            attempt.note(.documentKept(fetched: kept.fetchedAt, until: kept.expiresAt))
            return client
        }
    }

    /// The client of a new authorization: a document is used only while it is fresh, and fetched otherwise, on the account of
    /// the person and the browser.
    func resolve(
        _ id: ClientID, now: Timestamp, for attempt: Attempt, person: UserID, browser: Browser
    ) async throws -> Client {
        if let client = try await known(id, now: now, for: attempt) { return client }
        let history = try await store.read { try $0.documents.isKnown(id) }
        let claim = FetchClaim(
            askers: ["person \(person)", "browser \(browser.binding.base64URL)"],
            standing: history.itself ? .knownDocument : history.host ? .knownHost : .newHost)
        do {
            return try await fetch(id, now: now, on: claim, for: attempt)
        } catch let error as FetchError {
            throw AuthorizationFailure.page(error.refusal(.invalidClient))
        }
    }

    /// The client that redeems or gives up what it was given. Nothing is fetched: what its document said when its person
    /// approved was kept, and only public clients have documents here.
    package func named(_ id: ClientID) async throws -> Client {
        try await store.read { transaction in
            switch try record(of: id, in: transaction) {
            case .registered(let client): client
            case .document: Client(id: id, metadata: ClientMetadata(name: id.string, redirectURIs: []), digest: nil)
            }
        }
    }

    /// The client that goes on with a session: when its document cannot be had now, the last good one still counts.
    ///
    /// For a client that nobody here ever approved nothing is fetched, because anybody may ask.
    package func refreshing(_ id: ClientID, now: Timestamp) async throws -> Client {
        // Read first: whatever is committed after it makes what is kept under it worthless.
        let version = store.clientsVersion
        if let client = memory.client(id, version: version, now: now) { return client }
        switch try await store.read({ try record(of: id, in: $0) }) {
        case .registered(let client):
            memory.keep(client, until: nil, version: version)
            return client
        case .document(let kept):
            if let kept, let client = fresh(kept, now: now) {
                memory.keep(client, until: kept.expiresAt, version: version)
                return client
            }
            let sessions = try await store.read { try $0.sessions.list(SessionFilter(client: id), limit: 1, now: now) }
            guard !sessions.isEmpty else { throw Self.unknown(id) }
            return try await renewed(id, kept, now: now)
        }
    }

    /// Whether the operator's lists and rules keep out a client that was let in before.
    func isShutOut(_ id: ClientID, in transaction: Transaction) throws -> Bool {
        guard id.isDocument, !fetcher.admits(id.string, rule: nil) else { return false }
        let rule = try transaction.rule(ofDocument: id)
        return try !fetcher.admits(id.string, rule: rule) && transaction.clients.find(id) == nil
    }

    // MARK: What is known

    enum Record: Sendable {
        case registered(Client)
        case document(CachedDocument?)
    }

    /// The order is policy: a block acts at once and on everybody, then an operator's record wins over a document.
    func record(of id: ClientID, in transaction: Transaction) throws -> Record {
        if let block = try transaction.clientRules.block(client: id, host: id.documentHost) {
            throw Self.keptOut(id, by: "the rule '\(block.target.name)' of 'clients block'")
        }
        if let record = try transaction.clients.find(id) {
            return .registered(Client(id: id, metadata: record.metadata, origin: .registered(record)))
        }
        guard id.isDocument else { throw Self.unknown(id) }
        guard try !isShutOut(id, in: transaction) else {
            throw Self.keptOut(id, by: fetcher.exclusion(of: id.string))
        }
        return .document(try transaction.documents.find(id))
    }

    private func fresh(_ kept: CachedDocument?, now: Timestamp) -> Client? {
        guard let kept, now < kept.expiresAt else { return nil }
        return client(kept)
    }

    /// Nil for a document that this version reads more strictly than the one that kept it.
    private func client(_ kept: CachedDocument) -> Client? {
        (try? ClientMetadataDocument.parse(kept.bytes, expected: kept.clientID)).map { Client(kept.clientID, $0) }
    }

    // MARK: Fetching

    private func renewed(_ id: ClientID, _ kept: CachedDocument?, now: Timestamp) async throws -> Client {
        let standIn = kept.flatMap { now < $0.lastGoodAt + Self.lastGood ? client($0) : nil }
        if let standIn, silence.holds(id, now: now) { return standIn }
        do {
            // It is on nobody's account: sessions go on whatever strangers ask for.
            return try await fetch(id, now: now, on: FetchClaim(askers: [], standing: .knownDocument))
        } catch let error as OAuthError where error.code == .unauthorizedClient {
            throw error
        } catch {
            guard let standIn else { throw Self.refusal(withoutStandIn: error) }
            if error is FetchError { silence.note(id, now: now) }
            return standIn
        }
    }

    private func fetch(
        _ id: ClientID, now: Timestamp, on claim: FetchClaim, for attempt: Attempt? = nil
    ) async throws -> Client {
        do {
            let (fetched, document, lifetime) = try await read(id, on: claim, for: attempt)
            let kept = CachedDocument(
                clientID: id, bytes: fetched.body, digest: .sha256(fetched.body), fetchedAt: now,
                expiresAt: now + lifetime, lastGoodAt: now)
            try await store.write { try $0.documents.store(kept) }
            return Client(id, document)
        } catch let error as FetchError {
            log.info("metadata document not usable", metadata: ["client": "\(id)", "reason": "\(error.reason)"])
            throw error
        } catch let error as OAuthError {
            log.info("metadata document refused", metadata: ["client": "\(id)", "reason": "\(error.description)"])
            // A document that takes this server's way away from its client says so for its sessions too: the last good
            // one must not outlive that word.
            if error.code == .unauthorizedClient { try await store.write { _ = try $0.documents.forget(id) } }
            throw error
        }
    }

    /// Fetches and checks a document, and says for how many seconds it counts. Keeps nothing.
    private func read(
        _ id: ClientID, on claim: FetchClaim, for attempt: Attempt?
    ) async throws -> (FetchedDocument, ClientMetadataDocument, lifetime: Int64) {
        let started = ContinuousClock.now
        func milliseconds() -> Int64 { Int64((ContinuousClock.now - started) / .milliseconds(1)) }
        let fetched: FetchedDocument
        do {
            fetched = try await fetcher.fetch(id.string, for: claim)
        } catch {
            attempt?.note(.documentUnavailable(cause: "\(error.reason)", milliseconds: milliseconds()))
            throw error
        }
        let took = milliseconds()
        do throws(OAuthError) {
            let document = try ClientMetadataDocument.parse(fetched.body, expected: id)
            let lifetime = lifetime(of: fetched)
            attempt?.note(
                .documentFetched(
                    host: id.documentHost ?? "", bytes: fetched.body.count, milliseconds: took, keptFor: lifetime))
            return (fetched, document, lifetime)
        } catch {
            attempt?.note(
                .documentRefused(cause: error.description, bytes: fetched.body.count, milliseconds: took))
            throw error
        }
    }

    /// For how many seconds a document counts.
    func lifetime(of fetched: FetchedDocument) -> Int64 {
        fetched.freshFor(min: settings.documentCache.lowerBound, max: settings.documentCache.upperBound)
    }

    // MARK: Refusals

    private static func unknown(_ id: ClientID) -> OAuthError {
        OAuthError(.invalidClient, "This client is not known here.", reason: "unknown client \(id)")
    }

    /// `cause` is for operators: the client's person is not told what is on whose list.
    private static func keptOut(_ id: ClientID, by cause: String) -> OAuthError {
        OAuthError(
            .invalidClient, "This client was blocked by an administrator, or is not on the list of those let in.",
            reason: "client \(id) is kept out by \(cause)")
    }

    /// A document that is at fault is called so, and its client can ask its person; a host that fails may be asked again.
    private static func refusal(withoutStandIn error: any Error) -> OAuthError {
        switch error {
        case let error as FetchError: error.refusal(.unauthorizedClient)
        case let error as OAuthError where error.code == .invalidClient:
            OAuthError(.unauthorizedClient, error.description, reason: error.reason)
        default:
            OAuthError(
                .temporarilyUnavailable, "The client's metadata document cannot be read now; try again later.",
                reason: "\(error)")
        }
    }
}

extension Client {
    /// A client as its document describes it.
    init(_ id: ClientID, _ document: ClientMetadataDocument) {
        self.init(id: id, metadata: document.metadata, digest: document.securityDigest)
    }

    fileprivate init(id: ClientID, metadata: ClientMetadata, digest: Digest?) {
        self.init(id: id, metadata: metadata, origin: .document(host: id.documentHost ?? "", digest: digest))
    }
}
