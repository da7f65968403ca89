import JOSE
import OAuth
import Storage

/// The requests that change who an account is: its name, or whether it exists.
package enum UserChangeRequest: Codable, Hashable, Sendable {
    /// Gives a user another name. Sessions, browser logins and the subject stay.
    case rename(name: String, newName: String, reason: String? = nil)
    /// Deletes a user: ends everything of the user, and erases what can be erased.
    case delete(name: String, reason: String? = nil)
    /// Describes what a deletion would end now; changes nothing.
    case weighDeletion(name: String)
}

extension UserChangeRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .rename: []
        case .delete: [.withdrawsAccess, .long]
        case .weighDeletion: .long
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        switch self {
        case .rename(let name, let newName, let reason):
            try await UserRenaming(task: task).rename(name, to: newName, reason)
        case .delete(let name, let reason): try await UserDeletion(task: task).delete(name, reason)
        case .weighDeletion(let name): try await UserDeletion(task: task).weigh(name)
        }
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        switch self {
        case .rename, .weighDeletion: []
        case .delete(let name, _): [SessionFilter(user: try UserDeletion(task: task).user(name, transaction).id)]
        }
    }
}

/// The new name of a user.
struct UserRenaming: AdministrationNoun {
    let task: AdministrationTask

    func rename(_ name: String, to newName: String, _ reason: String?) async throws -> AdministrationAnswer {
        let newName = try AdministrationText.checked(newName, as: "The name", atMost: 128)
        let reason = try checkedReason(reason)
        return try await store.write { transaction in
            let user = try self.user(name, transaction)
            guard user.name != newName else {
                throw AdministrationError(.conflict, "The name of the user is '\(newName)' already.")
            }
            guard try transaction.users.rename(user.id, to: newName) else {
                throw AdministrationError(.conflict, "User '\(newName)' already exists. Nothing was changed.")
            }
            // Names are personal: they stand beside the chain, from where they can be erased.
            let change = "'\(user.name)' is now '\(newName)'"
            try audit(
                transaction, .userRenamed, user: user.id,
                explanation: [change, reason].compactMap(\.self).joined(separator: ": "))
            return .one(
                try self.user(newName, transaction).row,
                note: "The user signs in with the new name from now on. Sessions and logins continue.")
        }
    }
}
