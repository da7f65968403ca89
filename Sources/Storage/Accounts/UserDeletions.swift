package import OAuth

/// Deletions of accounts, which leave rows without a name.
package struct UserDeletions: Noun {
    let transaction: Transaction
}

extension UserDeletions {
    /// What stands for the name of a deleted user.
    package static let name = "(deleted)"

    /// What signs a user in, and what others wrote about the user. A deleted user has nothing of it.
    private static let tables: [StaticString] = [
        "credentials", "account_links", "known_browsers", "group_members", "access_users", "upstream_identities",
        "upstream_sessions", "sign_in_demands",
    ]

    /// Deletes an account: name, address, credentials, linked accounts, groups and browser logins. False if it is deleted already
    /// or does not exist. The caller ends its sessions and connections.
    package func delete(_ id: UserID, now: Timestamp) throws -> Bool {
        guard try transaction.users.find(id: id) != nil, try time(of: id) == nil else { return false }
        try transaction.users.setDisabled(now, id)
        for table in Self.tables { try execute("DELETE FROM \(table) WHERE user_id = ?1", id.string) }
        // Nobody can type the first character, so that the key is nobody's name.
        try execute(
            "UPDATE users SET name = ?2, name_key = char(1) || id, email = NULL, deleted_at = ?3 WHERE id = ?1",
            id.string, Self.name, now.seconds)
        return true
    }

    /// When the account was deleted; nil for an account that was not.
    package func time(of id: UserID) throws -> Timestamp? {
        try first("SELECT deleted_at FROM users WHERE id = ?1", id.string) { try $0.timeIfAny(0) } ?? nil
    }
}
