import Storage

/// The requests about initial access tokens, with which clients register themselves.
package enum InvitationRequest: Codable, Hashable, Sendable {
    /// Makes a token for this number of registrations within this number of seconds.
    case create(uses: Int, lifetime: Int64, reason: String? = nil)
    /// Lists the tokens that have not expired.
    case list(PageRequest = PageRequest())
    /// Revokes a token. Clients that registered with it stay registered.
    case revoke(String, reason: String? = nil)
}

extension InvitationRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: .safeOnRolledBackTrail
        case .revoke: .withdrawsAccess
        case .create: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await InvitationAdministration(task: task).perform(self)
    }
}
