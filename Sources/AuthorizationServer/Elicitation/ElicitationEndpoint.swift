import JOSE
import OAuth
import Storage

/// What MCP servers do with their elicitations: ask, look, wait, take back, collect. Each sees its own alone; another's is
/// answered as an unknown one.
package struct ElicitationEndpoint: Sendable {
    /// The most seconds that a request for the status may wait.
    static let longestWait: Int64 = 30

    let issuer: Issuer
    let store: Store
    let authentication: ResourceAuthentication
    let subjects: SubjectTokens
    let services: ElicitationServices
    let watch: CommitWaitList<ElicitationID>
    let signer: EventSigner
    let clock: WallClock

    /// How many requests wait for a change now.
    package var waiting: Int { watch.count }

    /// The status as it is, or as it becomes within `wait` seconds: until it is final or, when `known` names versions that
    /// the asker has, until it is none of them. `whenGone` is told what to do when the asker hangs up.
    package func status(
        _ text: String, wait: Int64, known: [String], authorization: String?,
        whenGone: (@escaping @Sendable () -> Void) -> Void
    ) async throws -> ElicitationReport {
        let asker = try await authentication.identify(authorization)
        guard let id = ElicitationID(text) else { throw Self.unknown }
        return try await watch.wait(for: id, clock: clock, whenGone: whenGone) { report in
            guard wait > 0, report.isAwaited(by: known) else { return nil }
            return min(wait, Self.longestWait, max(0, report.expiresAt - clock.now()))
        } look: {
            try await look(at: id, for: asker)
        }
    }

    /// Takes an elicitation back; one that is over stays as it is.
    package func cancel(_ text: String, authorization: String?) async throws -> ElicitationReport {
        let now = clock.now()
        let asker = try await authentication.identify(authorization)
        let found = try await store.write { transaction -> Found? in
            guard let found = try Self.find(ElicitationID(text), of: asker.id, in: transaction) else { return nil }
            let settled = try standing.settled(found, in: transaction, now: now)
            return try Found(
                transaction.elicitations.finish(settled.id, as: .cancelled(by: asker.id), now: now) ?? settled,
                in: transaction)
        }
        guard let found else { throw Self.unknown }
        return try report(found, to: asker, now: now)
    }

    /// An elicitation with the event that tells how it ended.
    struct Found: Sendable {
        let elicitation: Elicitation
        let event: SecurityEvent?

        init(_ elicitation: Elicitation, in transaction: Transaction) throws {
            self.elicitation = elicitation
            event = elicitation.status.isFinal ? try transaction.events.find(of: elicitation.id)?.event : nil
        }
    }

    private func look(at id: ElicitationID, for asker: Resource) async throws -> ElicitationReport {
        let now = clock.now()
        var found = try await store.read { transaction in
            try Self.find(id, of: asker.id, in: transaction).map { try Found($0, in: transaction) }
        }
        if let late = found?.elicitation, late.status(at: now) != late.status {
            found = try await store.write { try Found(standing.settled(late, in: $0, now: now), in: $0) }
        }
        guard let found else { throw Self.unknown }
        return try report(found, to: asker, now: now)
    }

    func report(_ found: Found, to asker: Resource, now: Timestamp) throws -> ElicitationReport {
        let asked = found.elicitation
        return ElicitationReport(
            id: asked.id, kind: asked.kind, status: asked.status, version: asked.version,
            expiresAt: asked.expiresAt,
            event: try found.event.map { try signer.sign($0, for: asker.identifier, now: now) })
    }

    /// The elicitation, if it is the asker's own.
    static func find(_ id: ElicitationID?, of asker: ResourceID, in transaction: Transaction) throws -> Elicitation? {
        guard let id, let found = try transaction.elicitations.find(id), found.resourceID == asker else { return nil }
        return found
    }

    var standing: StandingRule { subjects.standing }

    /// The session in whose name something may still be done for it; nil when that is over, or its client is shut out.
    func session(of asked: Elicitation, in transaction: Transaction, now: Timestamp) throws -> SessionGrant? {
        try standing.session(asked.sessionID, in: transaction, now: now)
    }

    static let unknown = OAuthError(.notFound, "There is no such elicitation of this MCP server.")
}
