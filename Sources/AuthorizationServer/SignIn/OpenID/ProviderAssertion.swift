import JOSE
import OAuth
import Storage

/// The assertion with which Gatehouse authenticates at an identity provider in place of a client secret.
///
/// Spec: OpenID Connect Core §9
/// Spec: RFC 7523 §3
struct ProviderAssertion {
    /// The lifetime in seconds: the assertion is sent at once, and clocks differ.
    private static let lifetime: Int64 = 120
    /// Keycloak and Okta document no other type.
    private static let type = "JWT"

    private let clientID: String
    private let audience: String

    /// An assertion to `provider`. It goes to the token endpoint alone, so that either audience names its receiver.
    init(of provider: IdentityProvider, to audience: IdentityProvider.AssertionAudience) {
        clientID = provider.registration.clientID
        self.audience =
            switch audience {
            case .tokenEndpoint: provider.registration.tokenEndpoint
            case .issuer: provider.issuer.string
            }
    }

    /// The assertion with its own identifier: providers accept each one once.
    func signed(by keys: KeyRing, now: Timestamp) throws(ProviderFailure) -> Secret {
        let claims: JSONObject = [
            "iss": .string(clientID), "sub": .string(clientID), "aud": .string(audience),
            "jti": .string(Random.token()),
            "iat": .integer(now.seconds), "exp": .integer(now.seconds + Self.lifetime),
        ]
        guard let key = keys.signingIfAny(.assertions, at: now.seconds),
            let token = try? JWT.sign(typ: Self.type, claims: claims, with: key)
        else {
            throw .unavailable(
                "the key with which Gatehouse authenticates there is missing; restore the keys folder, or add the provider "
                    + "again")
        }
        return Secret(token)
    }
}
