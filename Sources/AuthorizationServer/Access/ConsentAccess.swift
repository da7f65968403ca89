import OAuth
import Storage

extension ConsentEndpoint {
    /// Whether the user of a pending request may use its MCP server.
    enum Admission: Sendable {
        /// The user may; the record of an approval names the ground.
        case admitted(UserAccess)
        /// The user may not. `back` is the address that tells the client; nil for a client that this account never approved, because
        /// such a client could use it to learn who has access.
        case refused(NoAccess, back: String?)
    }

    /// Asks the access rule about a pending request, at the moment that the page opens and at the approval.
    func admission(
        to interaction: Interaction, of person: SignedIn, in transaction: Transaction, now: Timestamp
    ) throws -> Admission {
        let pending = try PendingAuthorization(of: interaction)
        let access = try UserAccess(of: person.user.id, at: pending.resourceID, in: transaction, now: now)
        guard let resource = try transaction.resources.find(id: pending.resourceID),
            let refusal = access.refusal(
                of: person.user, at: resource, wanting: pending.scope, pending.implications)
        else { return .admitted(access) }
        guard try transaction.sessions.hasApproved(user: person.user.id, client: pending.clientID),
            case .client(let back) = pending.destination(issuer: settings.issuer, refusing: refusal.error)
        else { return .refused(refusal, back: nil) }
        return .refused(refusal, back: back)
    }

    /// Writes the record of a refusal, after the transaction that found it.
    func record(_ refusal: NoAccess, on id: InteractionID, of person: SignedIn, now: Timestamp) async throws {
        guard let interaction = try await store.read({ try $0.interactions.find(id) }) else { return }
        let pending = try PendingAuthorization(of: interaction)
        try await refusals.record(
            refusal, of: person.user.id, client: pending.clientID, resource: pending.resourceID, in: store, now: now)
    }
}
