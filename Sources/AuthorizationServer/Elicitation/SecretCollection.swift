import JOSE
package import OAuth
import Storage

extension ElicitationEndpoint {
    private enum SecretLookup: Sendable {
        case content(Elicitation, ElicitationResultBody)
        case erased
        case notCompleted(ElicitationStatus)
        case refused(OAuthError)
    }

    /// Hands out a secret without spending it: until it is acknowledged, a lost answer can be asked for again.
    package func read(_ text: String, authorization: String?) async throws -> ElicitationResult {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let looked = try await store.write { transaction in
            try uncollected(ElicitationID(text), of: asker, in: transaction, now: now) { asked in
                guard let session = try session(of: asked, in: transaction, now: now) else {
                    return .refused(Self.ended)
                }
                let body = try self.result(of: asked, in: session, now: now)
                try transaction.audit.appendFrequent(
                    AuditEntry(
                        .elicitationRead, at: now, actor: .resource(asker), of: session, initiator: .server,
                        correlation: asked.id.string))
                return .content(asked, body)
            }
        }
        return try result(of: looked)
    }

    /// Erases a secret that has arrived. Nil when it is done; else what there is instead.
    package func acknowledge(_ text: String, authorization: String?) async throws -> ElicitationStatus? {
        let now = clock.now()
        let asker = try await authentication.identify(authorization).id
        let looked = try await store.write { transaction in
            try uncollected(ElicitationID(text), of: asker, in: transaction, now: now) { asked in
                guard try transaction.elicitations.collect(asked.id, now: now) else { return .refused(Self.gone) }
                try transaction.audit.append(
                    AuditEntry(
                        .elicitationCollected, at: now, actor: .resource(asker), user: asked.userID,
                        client: asked.clientID, resource: asker, session: asked.sessionID, initiator: .server,
                        correlation: asked.id.string))
                return .erased
            }
        }
        switch looked {
        case .notCompleted(let status): return status
        case .refused(let error): throw error
        case .content, .erased: return nil
        }
    }

    /// Finds a secret that is there to be handed out.
    private func uncollected(
        _ id: ElicitationID?, of asker: ResourceID, in transaction: Transaction, now: Timestamp,
        _ body: (Elicitation) throws -> SecretLookup
    ) throws -> SecretLookup {
        guard let found = try Self.find(id, of: asker, in: transaction) else { return .refused(Self.unknown) }
        guard found.kind.strategy.isReadUntilAcknowledged else { return .refused(Self.isOnce) }
        let asked = try standing.settled(found, in: transaction, now: now)
        guard asked.status == .completed else { return .notCompleted(asked.status) }
        guard asked.isCollectable(at: now) else { return .refused(Self.gone) }
        return try body(asked)
    }

    private func result(of looked: SecretLookup) throws -> ElicitationResult {
        switch looked {
        case .content(let asked, let body): .collected(try Self.json(of: asked, body))
        case .notCompleted(let status): .notCompleted(status)
        case .refused(let error): throw error
        case .erased: throw Self.gone
        }
    }

    private static let isOnce = OAuthError(
        .invalidRequest, "Only a result of the kind secret is read and acknowledged; collect this one with POST.")
}
