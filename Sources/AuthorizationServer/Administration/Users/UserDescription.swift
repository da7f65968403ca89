import JOSE
import OAuth
import Storage

/// Everything that this server knows about one user: the account, its groups, what each identity provider said, and where the user
/// is signed in.
struct UserDescription: AdministrationNoun {
    let task: AdministrationTask

    /// The answer for a user of this name or subject. One read, so that the parts fit together.
    func answer(_ name: String) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let user = try self.userOrSubject(name, transaction)
            let hasPassword = try transaction.credentials.find(.password, of: user.id) != nil
            let sessions = try transaction.sessionReports.liveCounts(SessionFilter(user: user.id), now: now).sessions
            let logins = try transaction.upstreamLogins.count(of: user.id, now: now)
            var row = user.row
            if let time = try transaction.userDeletions.time(of: user.id) {
                row["state"] = "deleted"
                row["deleted_at"] = .string(time.rfc3339)
            }
            row["password"] = .bool(hasPassword)
            row["groups"] = .array(try groups(of: user, transaction).map(JSON.object))
            row["identities"] = .array(try identities(of: user, transaction).map(JSON.object))
            row["browser_logins"] = .integer(logins)
            row["sessions"] = .integer(sessions)
            return .one(row)
        }
    }

    private func groups(of user: User, _ transaction: Transaction) throws -> [JSONObject] {
        try transaction.groups.memberships(of: user.id).map { group, membership in
            [
                "name": .string(group.name), "source": .string(membership.source.string),
                "stated_at": JSON(membership.learntAt),
            ]
        }
    }

    /// The linked accounts. One whose provider was removed signs nobody in until a provider of its issuer is added again.
    private func identities(of user: User, _ transaction: Transaction) throws -> [JSONObject] {
        let issuers = Set(try transaction.identityProviders.list().map(\.issuer))
        return try transaction.upstreamIdentities.list(of: user.id).map { identity in
            let statement = identity.statement
            let renewal = try transaction.upstreamRefreshTokens.find(
                issuer: identity.issuer, subject: identity.subject)
            return [
                "provider": .string(identity.provider.string), "registered": .bool(issuers.contains(identity.issuer)),
                "issuer": .string(identity.issuer.string), "subject": .string(identity.subject),
                "name": JSON(statement?.name ?? identity.name), "preferred_username": JSON(statement?.username),
                "email": JSON(statement?.email ?? identity.email),
                "email_verified": statement?.email == nil ? JSON.null : .bool(statement?.isEmailVerified ?? false),
                "groups": statement?.groups.map(JSON.strings) ?? .null, "acr": JSON(statement?.context?.rawValue),
                "amr": .strings(statement?.methods.map(\.rawValue) ?? []), "auth_time": JSON(statement?.authTime),
                "linked_at": .string(identity.createdAt.rfc3339), "signed_in_at": .string(identity.usedAt.rfc3339),
                "groups_asked_at": JSON(renewal?.triedAt),
            ]
        }
    }
}
