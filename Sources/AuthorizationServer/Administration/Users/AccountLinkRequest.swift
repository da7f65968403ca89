import Storage

/// The requests for one-time links with which users take their accounts: they set a password, or sign in at the identity provider
/// that a link names.
package enum AccountLinkRequest: Codable, Hashable, Sendable {
    /// Makes a link for the first sign-in to an account, and adds the account if its name is new. The account becomes a member of
    /// the given groups. `isNew` refuses a name that has an account.
    case invite(
        name: String, email: String?, groups: [String] = [], isNew: Bool = false, provider: String? = nil)
    /// Removes a user's password, signs the user out of every browser, and makes a link for a new sign-in. Optionally revokes the
    /// user's sessions, and unlinks the user's accounts at identity providers.
    case reset(
        name: String, revokesSessions: Bool = false, unlinksAccounts: Bool = false, provider: String? = nil)
}

extension AccountLinkRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .invite: []
        case .reset: [.withdrawsAccess, .long]
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await AccountLinkAdministration(task: task).perform(self)
    }

    func revokedSessions(_ task: AdministrationTask, _ transaction: Transaction) throws -> [SessionFilter] {
        switch self {
        case .invite: []
        case .reset(let name, let revokesSessions, _, _):
            try AccountLinkAdministration(task: task).sessions(of: name, revokesSessions, transaction)
        }
    }
}
