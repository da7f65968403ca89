import AuthorizationServer
import HummingbirdTesting
import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

/// How the first user stands to the access rule of the first MCP server.
enum Listed: CaseIterable, Sendable {
    case everybody, user, localGroup, freshGroup, outdatedGroup, notListed

    var isAllowed: Bool { self != .outdatedGroup && self != .notListed }

    /// The reason for which a session ends by itself; nil where it goes on.
    var endReason: SessionEndReason? {
        switch self {
        case .everybody, .user, .localGroup, .freshGroup: nil
        case .outdatedGroup: .groupsOutdated
        case .notListed: .accessLost
        }
    }

    /// Sets rule and groups in the database alone, as they stand between two steps of an end of many sessions.
    func apply(to h: Harness) async throws {
        let (user, resource, now) = (h.user.id, h.resource.id, h.clock.now)
        let corp = try GroupSource(provider: ProviderName("corp"))
        let local = Group(name: "eng", createdAt: now)
        let stated = Group(name: "corp-eng", source: corp, claim: "Engineering", createdAt: now)
        try await h.gatehouse.store.write { tx in
            for group in [local, stated] { try tx.groups.insert(group) }
            let list: AccessList?
            switch self {
            case .everybody: list = nil
            case .user: list = AccessList(users: [user])
            case .localGroup:
                list = AccessList(groups: [local.id])
                try tx.groups.add(user, to: local.id)
            case .freshGroup, .outdatedGroup:
                list = AccessList(groups: [stated.id])
                let age: Int64 = self == .freshGroup ? 86_399 : 86_400
                try tx.groups.replace(["Engineering"], of: user, from: corp, now: now - age)
            case .notListed: list = AccessList(groups: [local.id, stated.id])
            }
            try tx.access.set(AccessSettings(list: list), of: resource)
        }
    }
}

extension Harness {
    /// Changes the access rule of the first MCP server, as an operator does.
    @discardableResult
    func changeAccess(_ change: AccessChange) async throws -> AdministrationAnswer {
        try await administer(.resources(.policy(resource.id.string, PolicyChange(access: change))))
    }

    /// Adds a local group with the first user, as an operator does.
    func addGroup(_ name: String, with users: [String] = ["ada"]) async throws {
        try await administer(.groups(.add(name: name)))
        for user in users { try await administer(.groups(.members(user: user, add: [name]))) }
    }

    /// The events about ended sessions.
    func endEvents() async throws -> Int {
        try await gatehouse.store.read { try $0.events.list(limit: 100).count { $0.sessionID != nil } }
    }
}
