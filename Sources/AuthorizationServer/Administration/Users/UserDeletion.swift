import JOSE
import OAuth
import Storage

/// The deletion of a user. The subject is never used again, and the row of the account stays without a name, because sessions,
/// elicitations and audit records refer to it.
struct UserDeletion: AdministrationNoun {
    let task: AdministrationTask

    /// Ends everything of the user, then erases, then deletes. A process that is killed in between leaves a disabled user, whom
    /// the same command deletes.
    func delete(_ name: String, _ reason: String?) async throws -> AdministrationAnswer {
        let reason = try checkedReason(reason)
        let (id, begun) = try await store.write { transaction in
            let user = try self.user(name, transaction)
            if user.disabledAt == nil {
                try transaction.users.setDisabled(now, user.id)
                try audit(transaction, .userDisabled, user: user.id)
            }
            return (user.id, try transaction.sessions.end(SessionFilter(user: user.id), ending(.userDisabled)))
        }
        let count = try await store.endRest(of: begun).count
        let (subject, erased, connections, rest) = try await store.write { transaction in
            // Before the record of the deletion, so that its reason stays.
            let erased = try transaction.audit.retention.erase(.user(id), by: administrator.actor, at: now)
            let connections = try transaction.connections.end(
                ConnectionFilter(user: id), reason: .revokedByAdmin, now: now)
            for connection in connections {
                try audit(
                    transaction, .connectionEnded, user: id, resource: connection.resourceID,
                    reason: Connection.End.revokedByAdmin.rawValue)
            }
            guard let user = try transaction.users.find(id: id), try transaction.userDeletions.delete(id, now: now)
            else { throw AdministrationError(.conflict, "Another command deleted the user meanwhile.") }
            try audit(transaction, .userDeleted, user: id, explanation: reason)
            // Somebody may have enabled the user in between.
            let rest = try transaction.sessions.end(SessionFilter(user: id), ending(.userDisabled))
            return (user.subject, erased, connections.count, rest)
        }
        let total = count + (try await store.endRest(of: rest).count)
        let row: JSONObject = [
            "id": .string(id.string), "subject": .string(subject.string),
            "connections_ended": .integer(Int64(connections)),
            "erased": .integer(Int64(erased)),
        ]
        return .one(row.counting(revokedSessions: total), note: Self.remarks(total, connections))
    }

    private static func remarks(_ sessions: Int, _ connections: Int) -> String {
        var lines = ["The user is deleted. The name is free; the subject is never used again."]
        if let revoked = note(revokedSessions: sessions) { lines.append(revoked) }
        if connections > 0 {
            lines.append(
                "The tokens of connected accounts are erased here. The providers were not asked to revoke them.")
        }
        lines.append(
            "Earlier backups and exports still contain the user. Ended sessions and elicitations are deleted when their "
                + "retention is over.")
        return lines.joined(separator: " ")
    }

    /// What a deletion would end and erase now.
    func weigh(_ name: String) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let user = try self.user(name, transaction)
            let live = try transaction.sessionReports.liveCounts(SessionFilter(user: user.id), now: now).sessions
            let connections = try transaction.connections.live(of: user.id, limit: 1_000).count
            let identities = try transaction.upstreamIdentities.list(of: user.id).count
            let groups = try transaction.groups.memberships(of: user.id).count
            func count(_ number: Int, _ one: String, _ many: String) -> String {
                KeyReplacementImpact.count(Int64(number), one, many)
            }
            return .one(
                ["user": .string(user.name), "sessions": .integer(live)],
                note: """
                    Deletes the user '\(user.name)' for good: \(count(Int(live), "live session", "live sessions")), \
                    \(count(connections, "connected account", "connected accounts")), \
                    \(count(identities, "linked sign-in", "linked sign-ins")), \
                    \(count(groups, "group membership", "group memberships")), and the personal data in the audit trail.
                    """)
        }
    }
}
