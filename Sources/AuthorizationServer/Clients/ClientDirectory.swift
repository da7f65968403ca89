import JOSE
import Logging
package import OAuth
import Outbound
import Storage
import Synchronization

/// Finds out who a client is: from the operator's record, from a document fetched lately, or by fetching it now.
/// Spec: Client ID Metadata Document §5
package struct ClientDirectory: Sendable {
    let store: Store
    let fetcher: DocumentFetcher
    let settings: Settings.Clients
    let log: Logger

    /// How long the last good document carries existing sessions while its host does not answer.
    private static let lastGood: Int64 = 7 * 86_400

    /// The client, if nothing has to be fetched to know it; nil for a document that is not in the cache.
    package func known(_ id: ClientID, now: Timestamp) async throws -> Client? {
        try await store.read { transaction in
            try refuseBlocked(id, in: transaction)
            guard id.isDocument else { return try registered(id, in: transaction) }
            guard let kept = try transaction.cachedDocument(id), now < kept.expiresAt else { return nil }
            return try? client(id, kept)
        }
    }

    /// The client of a new authorization: a document is used only while it is fresh, and fetched otherwise.
    package func resolve(_ id: ClientID, now: Timestamp) async throws -> Client {
        if let client = try await known(id, now: now) { return client }
        do {
            return try await fetch(id, now: now)
        } catch let error as FetchError {
            log.info("metadata document not usable", metadata: ["client": "\(id)", "reason": "\(error.reason)"])
            throw AuthorizationFailure.page(Self.unreadable)
        }
    }

    /// The client of a session that exists: when its document cannot be had now, the last good one still counts.
    package func established(_ id: ClientID, now: Timestamp) async throws -> Client {
        if let client = try await known(id, now: now) { return client }
        do {
            return try await fetch(id, now: now)
        } catch {
            let kept = try await store.read { try $0.cachedDocument(id) }
            guard let kept, now < kept.lastGoodAt + Self.lastGood, let client = try? client(id, kept) else {
                throw OAuthError(.invalidClient, "The client's metadata document cannot be read.", reason: "\(error)")
            }
            return client
        }
    }

    private func registered(_ id: ClientID, in transaction: Transaction) throws -> Client {
        guard let record = try transaction.registeredClient(id) else {
            throw OAuthError(.invalidClient, "This client is not known here.", reason: "unknown client \(id)")
        }
        return Client(id: id, metadata: record.metadata, origin: .registered(record))
    }

    private func refuseBlocked(_ id: ClientID, in transaction: Transaction) throws {
        guard try transaction.isBlocked(client: id, host: id.documentHost) else { return }
        throw OAuthError(.invalidClient, "This client was blocked by an administrator.", reason: "blocked client \(id)")
    }

    private func fetch(_ id: ClientID, now: Timestamp) async throws -> Client {
        guard id.isDocument else { throw OAuthError(.invalidClient, "This client is not known here.") }
        let fetched = try await fetcher.fetch(id.string)
        let document = try ClientMetadataDocument.parse(fetched.body, expected: id)
        let lifetime = fetched.freshFor(min: settings.documentCache.lowerBound, max: settings.documentCache.upperBound)
        let kept = CachedDocument(
            clientID: id, bytes: fetched.body, digest: .sha256(fetched.body), fetchedAt: now,
            expiresAt: now + lifetime, lastGoodAt: now)
        try await store.write { try $0.keep(kept) }
        return Self.client(document, id)
    }

    private func client(_ id: ClientID, _ kept: CachedDocument) throws -> Client {
        Self.client(try ClientMetadataDocument.parse(kept.bytes, expected: id), id)
    }

    private static func client(_ document: ClientMetadataDocument, _ id: ClientID) -> Client {
        Client(
            id: id, metadata: document.metadata,
            origin: .document(host: id.documentHost ?? "", digest: document.securityDigest))
    }

    private static let unreadable = OAuthError(
        .invalidClient,
        "The app's own description could not be read; go back to the app, cancel there and try again later.")
}
