import OAuth

/// `client_secret_basic`: the secret is in the Authorization header.
/// Spec: RFC 6749 §2.3.1
enum ClientSecretBasic: ClientAuthenticator {
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        guard case .basic(_, let secret) = presented else { return .refused("another method") }
        return credential.prove(secret)
    }
}
