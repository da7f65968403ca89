import OAuth
import Outbound
import Storage

/// Keys that stand in a metadata document by value. They follow the times of a key set at a URL, whatever the document's
/// `Cache-Control` says about the rest of it: an owner revokes a key by removing it, and a copy must not keep it for a day.
extension Client {
    /// Whether the client's keys stand in its metadata document.
    var hasKeysInDocument: Bool {
        guard origin.host != nil, case .inline = metadata.keys else { return false }
        return true
    }

    /// Whether an assertion may be verified with the keys of the copy of the document that this client comes from.
    func hasCurrentKeys(at now: Timestamp) -> Bool {
        guard hasKeysInDocument else { return true }
        return readAt.map { now.isWithin(KeySetFetcher.freshness.upperBound - 1, of: $0) } ?? false
    }
}

/// Remembers for half a minute how reading the documents of clients with keys ended, so that one request of a client waits for a dead
/// host and the others do not.
struct DocumentKeyFailures: Sendable {
    /// Documents whose hosts failed.
    let unreachable = UnreachableDocuments()
    /// Documents that were taken away or spoiled.
    let withdrawn = UnreachableDocuments()

    fileprivate func contains(_ id: ClientID, now: Timestamp) -> Bool {
        unreachable.contains(id, now: now) || withdrawn.contains(id, now: now)
    }

    fileprivate func insert(_ error: any Error, of id: ClientID, now: Timestamp) {
        (isOfTheMoment(error) ? unreachable : withdrawn).insert(id, now: now)
    }

    /// Whether the host failed, so that the copy of its document still counts for a while.
    fileprivate func isOfTheMoment(_ error: any Error) -> Bool {
        switch error {
        case let error as FetchError: !error.reason.withdrawsKeys
        case let error as OAuthError: error.code == .temporarilyUnavailable
        default: true
        }
    }
}

extension ClientDirectory {
    /// The client of an assertion, whose cached document is too old for that. While the host fails, the keys of the copy count for an
    /// hour more; a document that was taken away or spoiled takes its keys with it.
    func renewedForKeys(_ id: ClientID, _ kept: CachedDocument?, now: Timestamp) async throws -> Client {
        guard let kept, let copy = client(kept), copy.hasKeysInDocument else {
            return try await renewed(id, kept, now: now)
        }
        let end = min(kept.expiresAt, kept.lastGoodAt + KeySetFetcher.freshness.upperBound) + ClientKeySets.lastGood
        let standIn = now < end && now >= kept.lastGoodAt ? copy : nil
        guard !keyFailures.withdrawn.contains(id, now: now) else { throw Self.withdrawn(id) }
        if keyFailures.unreachable.contains(id, now: now) { return try standIn ?? { throw Self.unreadable }() }
        do {
            // The fetch counts against no user or browser, so that strangers cannot keep sessions from continuing.
            return try await fetch(id, now: now, on: FetchClaim(askers: [], standing: .knownDocument))
        } catch let error as OAuthError where error.code == .unauthorizedClient {
            throw error
        } catch {
            keyFailures.insert(error, of: id, now: now)
            guard keyFailures.isOfTheMoment(error) else { throw Self.withdrawn(id) }
            guard let standIn else { throw Self.unreadable }
            return standIn
        }
    }

    /// The client as its document describes it now, for an assertion by a key that the copy does not hold; nil if no newer document
    /// is to be had. Anybody can send such an assertion, so a document is read again once a minute, and for a client with sessions only.
    func rereading(_ client: Client, now: Timestamp) async throws -> Client? {
        guard client.hasKeysInDocument, let readAt = client.readAt,
            !now.isWithin(ClientKeySets.pause - 1, of: readAt), !keyFailures.contains(client.id, now: now)
        else { return nil }
        let sessions = try await store.read {
            try $0.sessions.list(SessionFilter(client: client.id), limit: 1, now: now)
        }
        guard !sessions.isEmpty else { return nil }
        do {
            return try await fetch(client.id, now: now, on: FetchClaim(askers: [], standing: .knownDocument))
        } catch {
            keyFailures.insert(error, of: client.id, now: now)
            return nil
        }
    }

    private static func withdrawn(_ id: ClientID) -> OAuthError {
        OAuthError(
            .invalidClient, "The client's metadata document cannot be used.",
            reason: "the document of \(id), which held its keys, was taken away or is faulty")
    }

    private static let unreadable = OAuthError(
        .temporarilyUnavailable, "The client's metadata document cannot be read at the moment. Try again later.")
}
