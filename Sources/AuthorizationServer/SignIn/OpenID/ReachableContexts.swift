import OAuth
import Storage

/// The authentication contexts that a sign-in can have: those of this server's own methods, and those that an identity provider can
/// be asked for.
struct ReachableContexts: Sendable {
    /// The contexts of the sign-in methods of this server.
    let own: [AuthenticationContext]
    let store: Store

    /// Changes whenever a provider comes, goes or is changed, while the server runs. A cache reads it before the contexts.
    var version: Int { store.identityProvidersVersion }

    /// Every context, those of this server first: `acr_values_supported`. It reads every provider.
    func all() async throws -> [AuthenticationContext] {
        try await store.read { try $0.identityProviders.list() }.flatMap(\.contexts).reduce(into: own) {
            found, context in
            if !found.contains(context) { found.append(context) }
        }
    }

    /// The refusal of a requirement that no sign-in can satisfy; nil if one can. Most requirements name no context, or one of this
    /// server's, and read nothing.
    ///
    /// Spec: RFC 9470 §5
    func refusal(of requirement: AuthenticationRequirement) async throws -> OAuthError? {
        guard requirement.refusal(among: own) != nil else { return nil }
        return requirement.refusal(among: try await all())
    }
}

extension SignInService {
    /// The authentication contexts that a sign-in can have.
    var reachableContexts: ReachableContexts { ReachableContexts(own: contexts, store: store) }
}
