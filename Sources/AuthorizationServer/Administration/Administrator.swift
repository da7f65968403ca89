import Foundation
import Storage

/// The administrator of a request: the uid from the kernel, and the name that the caller claims.
package struct Administrator: Hashable, Sendable {
    /// The user ID of the calling process, from the kernel.
    package let uid: UInt32
    /// The name from `SUDO_USER`, which the calling process can set to anything.
    package let claimed: String?
    /// The reason that the administrator states for the request, for the audit trail.
    package let reason: String?

    /// An administrator with this uid. The claim is cut to 64 characters.
    package init(uid: UInt32, claimed: String?, reason: String? = nil) {
        self.uid = uid
        self.claimed = claimed.flatMap { $0.isEmpty ? nil : String($0.prefix(64)) }
        self.reason = reason
    }

    /// The user of this process.
    package static var current: Administrator { Administrator(uid: geteuid(), claimed: claimedName) }

    /// The same administrator, who states this reason.
    package func stating(_ reason: String?) -> Administrator {
        Administrator(uid: uid, claimed: claimed, reason: reason)
    }

    /// The same administrator with the reason as records show it; a reason that they cannot show is an error.
    func withCheckedReason() throws(AdministrationError) -> Administrator {
        guard let reason else { return self }
        return Administrator(
            uid: uid, claimed: claimed, reason: try AdministrationText.checked(reason, as: "The reason"))
    }

    /// The name of the user who ran `sudo`, if any.
    package static var claimedName: String? { ProcessInfo.processInfo.environment["SUDO_USER"] }

    /// The actor in audit records.
    var actor: AuditActor { .admin(uid: uid, claimed: claimed) }
}
