import OAuth
import Storage

/// Reports the status of elicitations to their MCP servers, at once or when it changes, and cancels them.
package struct ElicitationStatusEndpoint: Sendable {
    /// The longest time that a request may wait, in seconds.
    package static let longestWait: Int64 = 30

    let access: ElicitationAccess
    let waitList: CommitWaitList<ElicitationID>

    /// How many requests wait for a change now.
    package var waitingRequests: Int { waitList.count }

    /// Reports the status.
    ///
    /// With `wait` above 0 the answer is held for at most so many seconds, up to `longestWait`: until the status is final or, when the
    /// request names `known` entity tags, until the version is none of them. `onDisconnect` registers what runs when
    /// the MCP server closes the connection.
    package func report(
        _ text: String, wait: Int64, known: [String], authorization: String?,
        onDisconnect: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> ElicitationReport {
        let resource = try await access.authentication.identify(authorization)
        guard let id = ElicitationID(text) else { throw ElicitationAccess.notFound }
        return try await waitList.wait(for: id, clock: access.clock, onDisconnect: onDisconnect) { report in
            guard wait > 0, report.isAwaited(by: known) else { return nil }
            return min(wait, Self.longestWait, max(0, report.expiresAt - access.clock.now()))
        } read: {
            try await currentReport(id, to: resource)
        }
    }

    /// Cancels an elicitation; one whose status is final keeps it.
    package func cancel(_ text: String, authorization: String?) async throws -> ElicitationReport {
        let now = access.clock.now()
        let resource = try await access.authentication.identify(authorization)
        let cancelled = try await access.store.write { transaction -> ElicitationAccess.ElicitationWithEvent? in
            guard let found = try access.find(ElicitationID(text), of: resource.id, in: transaction) else { return nil }
            let current = try access.standing.settled(found, in: transaction, now: now)
            return try ElicitationAccess.ElicitationWithEvent(
                transaction.elicitations.finish(current.id, as: .cancelled(by: resource.id), now: now) ?? current,
                in: transaction)
        }
        guard let cancelled else { throw ElicitationAccess.notFound }
        return try access.report(cancelled, to: resource, now: now)
    }

    /// The report as of now. It writes only when the status in the database is outdated, so that polling costs no
    /// commit.
    private func currentReport(_ id: ElicitationID, to resource: Resource) async throws -> ElicitationReport {
        let now = access.clock.now()
        var current = try await access.store.read { transaction in
            try access.find(id, of: resource.id, in: transaction).map {
                try ElicitationAccess.ElicitationWithEvent($0, in: transaction)
            }
        }
        if let outdated = current?.elicitation, outdated.status(at: now) != outdated.status {
            current = try await access.store.write {
                try ElicitationAccess.ElicitationWithEvent(
                    access.standing.settled(outdated, in: $0, now: now), in: $0)
            }
        }
        guard let current else { throw ElicitationAccess.notFound }
        return try access.report(current, to: resource, now: now)
    }
}
