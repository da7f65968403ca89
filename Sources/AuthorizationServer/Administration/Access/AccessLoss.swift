import OAuth
import Storage

/// Finds the sessions whose users lose access by a change. The filters describe the state after the change, so that the question
/// before it and the change itself select the same sessions.
struct AccessLoss: AdministrationNoun {
    let task: AdministrationTask

    /// The sessions at an MCP server whose rule becomes this one; none for a rule that admits everybody.
    static func filters(at resource: ResourceID, under list: AccessList?) -> [SessionFilter] {
        list.map { [SessionFilter(resource: resource, outside: $0)] } ?? []
    }

    /// The sessions of users who have access only by a group that is removed.
    func filters(removing group: GroupID, _ transaction: Transaction) throws -> [SessionFilter] {
        try transaction.access.resources(listing: group).flatMap { resource in
            Self.filters(
                at: resource, under: try transaction.access.settings(of: resource).list?.without([group]))
        }
    }

    /// The sessions of a user who has access only by the groups that the user is taken out of.
    func filters(removing user: User, from groups: [Group], _ transaction: Transaction) throws -> [SessionFilter] {
        let kept = try transaction.groups.memberships(of: user.id).filter { !$0.membership.source.isLocal }
        let left = groups.map(\.id).filter { id in !kept.contains { $0.group.id == id } }
        let resources = Set(try left.flatMap { try transaction.access.resources(listing: $0) })
        return try resources.sorted().flatMap { resource in
            let list = try transaction.access.settings(of: resource).list?.without(left)
            return Self.filters(at: resource, under: list).map { filter in
                var filter = filter
                filter.user = user.id
                return filter
            }
        }
    }
}
