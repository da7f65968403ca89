import Storage

/// The requests about the redirects that clients may register themselves with.
package enum RedirectRequest: Codable, Hashable, Sendable {
    /// Allows a redirect, or all redirects below a path.
    case allow(String, reason: String? = nil)
    /// Lists the redirects of known clients and those that administrators allowed.
    case list(PageRequest = PageRequest())
    /// Removes a permission that an administrator gave.
    case remove(String, reason: String? = nil)
}

extension RedirectRequest: NounRequest {
    package var traits: RequestTraits {
        switch self {
        case .list: .safeOnRolledBackTrail
        case .remove: .withdrawsAccess
        case .allow: []
        }
    }

    func perform(_ task: AdministrationTask) async throws -> AdministrationAnswer {
        try await RedirectAdministration(task: task).perform(self)
    }
}
