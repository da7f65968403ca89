import Foundation
import Storage

/// Who administers: the uid that the kernel vouches for, and the name that `sudo` claims.
package struct Administrator: Hashable, Sendable {
    /// The user of the process that asks, as the kernel says.
    package let uid: UInt32
    /// Who that process says it works for; anybody can claim anything here.
    package let claimed: String?

    /// Somebody with this uid; a claim is cut to what a name can be.
    package init(uid: UInt32, claimed: String?) {
        self.uid = uid
        self.claimed = claimed.flatMap { $0.isEmpty ? nil : String($0.prefix(64)) }
    }

    /// The user of this very process.
    package static var current: Administrator { Administrator(uid: geteuid(), claimed: claimedName) }

    /// What `sudo` left in the environment.
    package static var claimedName: String? { ProcessInfo.processInfo.environment["SUDO_USER"] }

    /// How the audit names this person.
    var actor: AuditActor { .admin(uid: uid, claimed: claimed) }
}
