import JOSE
import OAuth
import Storage

/// How Gatehouse authenticates at an identity provider: with a secret, with a key of its own, or not at all.
struct IdentityProviderCredential {
    let method: ProviderAuthentication
    /// The audience of assertions; nil without a key.
    let audience: IdentityProvider.AssertionAudience?

    /// The credential of a draft. `connection` is the same draft as that of a provider for connections, which share the rules about
    /// secrets.
    init(
        _ draft: IdentityProviderDraft, _ connection: ProviderDraft, offered metadata: OpenIDProviderMetadata?
    ) throws(AdministrationError) {
        let keyMethod = ProviderAuthentication.privateKeyJWT
        guard draft.usesKey else {
            guard draft.authMethod != keyMethod.rawValue else {
                throw AdministrationError(
                    .invalid,
                    "private_key_jwt needs a key of Gatehouse's own. Add --jwks-key, and give no client secret.")
            }
            guard draft.assertionAudience == nil else {
                throw AdministrationError(.invalid, "--assertion-audience is only for --jwks-key.")
            }
            method = try ProviderAdministration.method(connection, offered: metadata?.authenticationMethods)
            audience = nil
            return
        }
        guard draft.clientSecret == nil, draft.authMethod == nil || draft.authMethod == keyMethod.rawValue else {
            throw AdministrationError(
                .invalid, "Give a client secret or --jwks-key, not both: with --jwks-key the method is private_key_jwt."
            )
        }
        if draft.authMethod == nil, let metadata, !metadata.authenticationMethods.contains(keyMethod.rawValue) {
            throw AdministrationError(
                .invalid,
                "The provider's metadata does not offer private_key_jwt. Use --client-secret-stdin, or add --auth "
                    + "private_key_jwt if the provider supports it all the same.")
        }
        if let algorithms = metadata?.assertionAlgorithms, !algorithms.contains(SignatureAlgorithm.es256.rawValue) {
            throw AdministrationError(
                .invalid,
                "The provider does not accept assertions in ES256, in which Gatehouse signs. Use "
                    + "--client-secret-stdin.")
        }
        let names = IdentityProvider.AssertionAudience.allCases.map(\.rawValue).joined(separator: ", ")
        guard let audience = IdentityProvider.AssertionAudience(rawValue: draft.assertionAudience ?? "token_endpoint")
        else { throw AdministrationError(.invalid, "'\(draft.assertionAudience ?? "")' is none of \(names).") }
        (method, self.audience) = (keyMethod, audience)
    }
}
