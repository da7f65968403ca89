import JOSE
package import OAuth
package import Storage

extension Credential {
    /// A password credential of `user`, hashed at the lowest cost so that a suite with many users stays fast.
    package static func password(_ password: String, of user: User) -> Credential {
        let hash = PasswordHash.make(Secret(password), cost: .cheapForTests).string
        return Credential(userID: user.id, kind: .password, data: hash, createdAt: user.createdAt)
    }
}

extension SessionEnding {
    /// The ending that an administrator (uid 0) causes at `now`.
    package static func byAdmin(at now: Timestamp, _ reason: SessionEndReason = .revokedByAdmin) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .admin, actor: .admin(uid: 0, claimed: nil), at: now)
    }
}
