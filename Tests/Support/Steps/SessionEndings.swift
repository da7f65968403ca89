package import OAuth
package import Storage

extension SessionEnding {
    /// As an administrator ends a session at a moment, unless another reason is named.
    package static func byAdmin(at now: Timestamp, _ reason: EndReason = .revokedByAdmin) -> SessionEnding {
        SessionEnding(reason: reason, initiator: .admin, actor: .admin(uid: 0, claimed: nil), at: now)
    }
}
