import Storage

/// The requests about groups of users and their members.
package enum GroupRequest: Codable, Hashable, Sendable {
    /// Adds a group: a local one, or one that an identity provider fills, under the value by which the provider names it.
    case add(name: String, provider: String? = nil, claim: String? = nil)
    /// Lists groups by name.
    case list(PageRequest = PageRequest())
    /// Removes a group from every access rule, and revokes the sessions of users who lose access by that.
    case remove(name: String, reason: String? = nil)
    /// Adds a user to groups and takes the user out of groups, if any are given, and shows the user's groups.
    case members(user: String, add: [String] = [], remove: [String] = [], reason: String? = nil)
}

extension GroupRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: [.safeOnRolledBackTrail, .long]
        case .remove: [.withdrawsAccess, .long]
        case .members(_, let added, let removed, _):
            removed.isEmpty ? (added.isEmpty ? [.safeOnRolledBackTrail, .long] : .long) : [.withdrawsAccess, .long]
        case .add: .long
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await GroupAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        try GroupAdministration(task: task).sessions(revokedBy: self, transaction)
    }
}
