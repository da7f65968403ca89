import JOSE
import OAuth
import Storage

/// The requests that show who may use which MCP server, and by which rule.
package enum AccessRequest: Codable, Hashable, Sendable {
    /// The access of a user to every MCP server, by name.
    case list(user: String, page: PageRequest = PageRequest())
    /// The access of a user to one MCP server (ID or identifier).
    case show(user: String, resource: String)
}

extension AccessRequest: NounRequest {
    package var traits: RequestTraits { [.safeOnRolledBackTrail, .long] }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await AccessAdministration(task: task).perform(self)
    }
}

/// Shows who may use which MCP server, as the standing rule decides it.
struct AccessAdministration: AdministrationNoun {
    let task: AdministrationTask

    func perform(_ request: AccessRequest) async throws -> AdministrationAnswer {
        switch request {
        case .list(let name, let page): try await list(name, page)
        case .show(let name, let resource):
            try await store.read { transaction in
                let user = try self.userOrSubject(name, transaction)
                let resource = try self.resource(resource, transaction)
                return .one(try row(of: user, at: resource, transaction), warning: Self.warning(of: user))
            }
        }
    }

    private func list(_ name: String, _ request: PageRequest) async throws -> AdministrationAnswer {
        try await store.read { transaction in
            let user = try self.userOrSubject(name, transaction)
            let place = try request.place { text in
                try ResourceID(text).flatMap { try transaction.resources.find(id: $0)?.id }
            }
            let page = try Page(
                request, of: "MCP server", read: { try transaction.resources.list(after: place, limit: $0) },
                place: { $0.id.string })
            return .many(
                try page.items.map { try row(of: user, at: $0, transaction) }, note: Self.warning(of: user),
                warning: page.warning, next: page.next)
        }
    }

    private func row(of user: User, at resource: Resource, _ transaction: Transaction) throws -> JSONObject {
        let access = try UserAccess(of: user.id, at: resource.id, in: transaction, now: now)
        let decision = access.decision
        let withheld = access.withheld.intersection(resource.catalogue.known)
        return [
            "resource": .string(resource.identifier.string), "name": .string(resource.name),
            "owner": .string(resource.owner), "access": .bool(decision.isAllowed && user.disabledAt == nil),
            "rule": .string(decision.words), "group": JSON(decision.membership?.group),
            "source": JSON(decision.membership?.source.string), "stated_at": JSON(decision.membership?.learntAt),
            "withheld_scopes": .strings(decision.isAllowed ? withheld.scopes.map(\.string) : []),
            "resource_id": .string(resource.id.string),
        ]
    }

    private static func warning(of user: User) -> String? {
        user.disabledAt == nil ? nil : "User '\(user.name)' is disabled and has no access to any MCP server."
    }
}

extension AccessRule.Decision {
    /// The membership that decided; nil where none did.
    fileprivate var membership: GroupMembership? {
        switch self {
        case .group(let membership), .outdated(let membership): membership
        case .everybody, .user, .notListed: nil
        }
    }

    /// The part of the rule that decided.
    fileprivate var words: String {
        switch self {
        case .everybody: "everybody"
        case .user: "user"
        case .group: "group"
        case .outdated: "group outdated"
        case .notListed: "not listed"
        }
    }
}
