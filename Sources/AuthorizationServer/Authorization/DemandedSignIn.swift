import OAuth
import Storage

/// What MCP servers require of the sign-in behind the next approval.
extension PendingAuthorization {
    /// Whether the sign-in meets what the MCP server requires of this approval, if anything.
    /// Spec: RFC 9470 §5
    func meetsDemand(
        _ authentication: Authentication, of user: UserID, in transaction: Transaction, now: Timestamp
    ) throws -> Bool {
        try transaction.signInDemands.find(user: user, client: clientID, resource: resourceID, now: now)?
            .isMet(by: authentication, at: now) ?? true
    }

    /// Uses up the demand that this approval met. What the record of the approval says of it; nil without one.
    func spendDemand(of user: UserID, in transaction: Transaction, now: Timestamp) throws -> String? {
        let demand = try transaction.signInDemands.find(
            user: user, client: clientID, resource: resourceID, now: now)
        guard let demand else { return nil }
        try transaction.signInDemands.spend(user: user, client: clientID, resource: resourceID)
        return "sign-in not older than \(demand.maxAge) s, as the MCP server required"
    }
}

extension RequestedAccess {
    /// Whether a sign-in meets what the MCP server requires of the next approval, if anything.
    func meetsDemand(_ person: SignedIn, _ client: ClientID, in store: Store, now: Timestamp) async throws -> Bool {
        try await store.read { transaction in
            try transaction.signInDemands.find(
                user: person.user.id, client: client, resource: resource.id, now: now)?
                .isMet(by: person.login.authentication, at: now) ?? true
        }
    }
}
