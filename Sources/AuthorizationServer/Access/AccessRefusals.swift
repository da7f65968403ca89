import OAuth
import Storage

/// Records the users whom access rules keep out. The number of records for each user is limited, because a user can request again
/// and again; what is beyond the limit is in the log.
final class AccessRefusals: Sendable {
    private let limit = RateLimit<UserID>(burst: 10, perMinute: 1)

    /// Appends the record of a refusal, unless the user has caused too many.
    func record(
        _ refusal: NoAccess, of user: UserID, client: ClientID, resource: ResourceID, in store: Store, now: Timestamp
    ) async throws {
        guard limit.admit(user, now: now) == nil else { return }
        let group: String? = if case .outdated(let membership) = refusal.cause { membership.group } else { nil }
        try await store.write { transaction in
            _ = try transaction.audit.append(
                AuditEntry(
                    .accessRefused, at: now, actor: .person(user), user: user, client: client, resource: resource,
                    outcome: .refused, reason: refusal.reason, initiator: .human,
                    explanation: group.map { "group \($0)" }))
        }
    }
}
