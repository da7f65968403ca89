import Foundation
package import Storage

/// The requests about the audit trail.
package enum AuditRequest: Codable, Hashable, Sendable {
    /// Shows the latest matching records.
    case tail(AuditSelection, count: Int)
    /// The matching records behind a place, as lines of an export, with the cursor of the next request.
    case follow(AuditSelection, from: AuditStart, limit: Int)
    /// Verifies all chains and their checkpoints.
    case verify
    /// Exports the matching records; the answer is a file.
    case export(AuditSelection)
    /// Deletes the records up to these checkpoints, which the caller has exported and verified.
    case drop([AuditPruneMark])
    /// Erases the personal data of a user, or a name that an administrator claimed.
    case erase(AuditErasureRequest)
    /// Accepts a database that is older than the checkpoints in the keys folder, for this reason.
    case acceptRestore(reason: String)
}

extension AuditRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .tail: [.safeOnRolledBackTrail, .long]
        case .follow: .safeOnRolledBackTrail
        case .verify, .acceptRestore: [.safeOnRolledBackTrail, .needsKeys, .long]
        case .export, .drop: [.needsKeys, .long]
        case .erase: .long
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await AuditAdministration(task: task).perform(self)
    }

    func file(_ task: AdministrationTask) async throws -> AdministrationFile? {
        guard case .export(let selection) = self else { return nil }
        return try await AuditAdministration(task: task).export(selection)
    }
}

/// The personal data to erase.
package enum AuditErasureRequest: Codable, Hashable, Sendable {
    /// The data of the user with this name or subject.
    case user(String)
    /// A name that an administrator claimed.
    case claimed(String)
}

/// A selection of audit records by names as typed. A record matches if it matches every criterion that is set.
package struct AuditSelection: Codable, Hashable, Sendable {
    /// A user's name or subject.
    package var user: String?
    /// A client ID.
    package var client: String?
    /// An MCP server's ID or identifier.
    package var resource: String?
    /// A session ID.
    package var session: String?
    /// An action, or the noun before its dot.
    package var action: String?
    /// The earliest time, in seconds since 1970.
    package var since: Int64?
    /// The time, in seconds since 1970, before which a record must be.
    package var until: Int64?
    /// `witnessed` or `reported`.
    package var evidence: String?
    /// `human`, `model`, `client`, `server` or `system`.
    package var initiator: String?

    /// A selection of everything.
    package init() {}
}
