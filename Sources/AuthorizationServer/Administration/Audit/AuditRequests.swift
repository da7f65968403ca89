import Foundation
package import Storage

/// What can be asked about the audit trail.
package enum AuditRequest: Codable, Hashable, Sendable {
    /// Shows the last records that match.
    case tail(AuditSelection, count: Int)
    /// Recomputes all chains and checks their checkpoints.
    case verify
    /// Writes what matches into a file; its answer is that file.
    case export(AuditSelection)
    /// Lets chains begin behind these checkpoints: whoever asks holds the export of what goes.
    case drop([AuditPruneMark])
    /// Erases what was written about a person, or the name that an admin claimed.
    case erase(AuditErasureRequest)
    /// Accepts a database that is older than the keys know, for this reason.
    case acceptRestore(reason: String)
}

/// Whose personal fields shall go.
package enum AuditErasureRequest: Codable, Hashable, Sendable {
    /// What was written about the person of this name or subject.
    case user(String)
    /// A name that an admin claimed.
    case claimed(String)
}

/// Which audit records are meant, by the names that an operator types; what is not said does not narrow.
package struct AuditSelection: Codable, Hashable, Sendable {
    /// A name or a subject.
    package var user: String?
    package var client: String?
    /// An id or an identifier.
    package var resource: String?
    package var session: String?
    /// An action, or the noun before its dot.
    package var action: String?
    /// Seconds since 1970.
    package var since: Int64?
    /// Seconds since 1970, themselves left out.
    package var until: Int64?
    /// `witnessed` or `reported`.
    package var evidence: String?
    /// `human`, `model`, `server` or `system`.
    package var initiator: String?

    /// A selection of everything.
    package init() {}
}
