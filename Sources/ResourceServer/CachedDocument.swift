/// A remote document, cached and fetched at most once at a time.
///
/// Concurrent callers share one fetch.
actor CachedDocument<Document: Sendable> {
    /// Seconds after which the document is fetched again, and after which it is no longer used even if fetching fails.
    private let fresh: Int64
    private let stale: Int64
    private let load: @Sendable () async throws(DocumentFailure) -> Document
    private var held: (document: Document, since: Int64)?
    private var attemptedAt: Int64?
    private var failure: DocumentFailure?
    private var running: Task<Void, Never>?

    init(
        fresh: Int64 = TokenVerification.Pace.fresh, stale: Int64 = TokenVerification.Pace.stale,
        load: @escaping @Sendable () async throws(DocumentFailure) -> Document
    ) {
        self.fresh = fresh
        self.stale = stale
        self.load = load
    }

    /// The document, fetched again once it is no longer fresh. While fetching fails, the old one serves until it is stale.
    func current(at now: Int64) async throws(DocumentFailure) -> Document {
        if let held, now - held.since < fresh { return held.document }
        if mayAttempt(at: now, after: TokenVerification.Pace.afterFailure) || running != nil {
            await fetch(at: now)
        }
        guard let held, now - held.since < stale else {
            throw failure ?? DocumentFailure("the document could not be fetched")
        }
        return held.document
    }

    /// A newly fetched document, for callers that miss something in the cached one; nil if the last attempt is too recent.
    func renewed(at now: Int64) async -> Document? {
        guard running != nil || mayAttempt(at: now, after: TokenVerification.Pace.attempts) else { return nil }
        await fetch(at: now)
        return failure == nil ? held?.document : nil
    }

    private func mayAttempt(at now: Int64, after pause: Int64) -> Bool {
        guard let attemptedAt else { return true }
        // A clock that was set back must not stop fetching until it has caught up.
        return now - attemptedAt >= pause || now < attemptedAt
    }

    private func fetch(at now: Int64) async {
        if let running { return await running.value }
        attemptedAt = now
        // A task of its own: a client that disconnects must not cancel the fetch for the others. The task itself stores the
        // document, so that every waiting caller finds it.
        let task = Task {
            do throws(DocumentFailure) {
                held = (try await load(), now)
                failure = nil
            } catch {
                failure = error
            }
            running = nil
        }
        running = task
        await task.value
    }
}

/// Why a document of the authorization server is unavailable, for the log.
struct DocumentFailure: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
