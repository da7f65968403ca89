/// A document that many requests need and few should fetch.
///
/// Requests that arrive while it is being fetched wait for the same fetch.
actor CachedDocument<Document: Sendable> {
    /// Seconds after which it is fetched anew, and after which it is not used any more though nothing newer can be had.
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

    /// The document, fetched anew when it is no longer fresh; while that fails, an older one does for a while.
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

    /// The document fetched anew, because the one at hand lacks something; nil when the last attempt is too recent.
    func renewed(at now: Int64) async -> Document? {
        guard running != nil || mayAttempt(at: now, after: TokenVerification.Pace.attempts) else { return nil }
        await fetch(at: now)
        return failure == nil ? held?.document : nil
    }

    private func mayAttempt(at now: Int64, after pause: Int64) -> Bool {
        guard let attemptedAt else { return true }
        // A clock that was set back must not stop fetching for as long as it was set back by.
        return now - attemptedAt >= pause || now < attemptedAt
    }

    private func fetch(at now: Int64) async {
        if let running { return await running.value }
        attemptedAt = now
        // Not the caller's own task: a client that hangs up must not fail the others that wait. And the task itself keeps
        // what came, so that whoever wakes up first finds it.
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

/// Why a document of the authorization server is not at hand, for the log.
struct DocumentFailure: Error, Equatable {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
