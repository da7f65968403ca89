import OAuth
import Outbound
import Storage

extension ClientDirectory {
    /// The client that pushes an authorization request. A document that is not fresh is fetched.
    ///
    /// A push has no user, so the fetch counts against the network of the sender, and all such fetches together count as those of
    /// one user: strangers cannot use up what signed-in users need. On the private hosts of the operator a push only reads
    /// documents that are known or allowed by name, so that strangers do not explore the internal network.
    ///
    /// `byKey` as in `refreshing`.
    func pushing(_ id: ClientID, byKey: Bool = false, from network: ClientNetwork?, now: Timestamp) async throws
        -> Client
    {
        let (record, history, isAllowed) = try await store.read { transaction in
            (
                try admittedRecord(of: id, in: transaction), try transaction.documents.isKnown(id),
                try transaction.clientRules.find(id) == .allow
            )
        }
        switch record {
        case .registered(let client): return client
        case .document(let kept):
            if let client = fresh(kept, now: now), !byKey || client.hasCurrentKeys(at: now) { return client }
            guard history.itself || isAllowed || !fetcher.isOnPrivateHost(id.string) else { throw Self.unread(id) }
            let claim = FetchClaim(
                askers: ["pushed requests", "network \(network?.description ?? "unknown")"],
                standing: history.itself ? .knownDocument : history.host ? .knownHost : .newHost)
            do {
                return try await fetch(id, now: now, on: claim)
            } catch let error as FetchError {
                throw error.refusal(.invalidClient)
            }
        }
    }

    private static func unread(_ id: ClientID) -> OAuthError {
        OAuthError(
            .invalidClient, "This client is not known here yet. An administrator can allow it by its client_id.",
            reason:
                "the document of \(id) is on a private host and was never read; 'gatehouse clients allow \(id)' allows "
                + "it for pushed requests")
    }
}
