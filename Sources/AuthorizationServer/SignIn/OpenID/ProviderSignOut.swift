package import OAuth
import Storage

/// The sign-out at the identity provider that a browser login came from. It follows the sign-out here, and the user chooses it.
///
/// Nothing of the ID token is kept for it: the client ID and the session at the provider are enough for a provider that asks the
/// user, and one that signs out without a question could be used by any site with a link.
/// Spec: OpenID Connect RP-Initiated Logout §2
package struct ProviderSignOut: Sendable {
    /// The name of the provider.
    package let provider: ProviderName
    private let endpoint: String
    private let clientID: String
    private let sessionID: String?

    /// The sign-out that belongs to a login; nil for a login with a password, or if the provider has no sign-out.
    init?(of login: BrowserLoginID, in transaction: Transaction) throws {
        guard let origin = try transaction.upstreamLogins.find(login),
            let found = try transaction.identityProviders.find(origin.provider), found.issuer == origin.issuer,
            let endpoint = found.endSessionEndpoint
        else { return nil }
        provider = found.name
        self.endpoint = endpoint
        clientID = found.registration.clientID
        sessionID = origin.sessionID
    }

    /// The path to which the provider sends the browser back.
    static func path(_ provider: ProviderName) -> String { "/sign-in/\(provider)/signed-out" }

    /// The address at the provider; `state` comes back with the browser.
    package func address(from issuer: Issuer, state: String) -> String {
        var parameters: [(ParameterName, String)] = [
            (.clientID, clientID), (.postLogoutRedirectURI, issuer.endpoint(Self.path(provider))), (.state, state),
        ]
        if let sessionID { parameters.append((.logoutHint, sessionID)) }
        return endpoint + (endpoint.contains("?") ? "&" : "?") + ProviderClient.form(parameters)
    }
}
