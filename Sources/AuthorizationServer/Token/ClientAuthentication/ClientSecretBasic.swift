import OAuth

/// `client_secret_basic`: the secret is in the Authorization header.
/// Spec: RFC 6749 §2.3.1
enum ClientSecretBasic: ClientAuthenticator {
    static func proves(_ presented: PresentedClient, _ credential: RegisteredCredential) -> Bool {
        guard case .basic(_, let secret) = presented else { return false }
        return credential.isSecret(secret)
    }
}
