import OAuth

/// `client_secret_post`: the secret is in the form.
/// Spec: RFC 6749 §2.3.1
enum ClientSecretPost: ClientAuthenticator {
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        guard case .post(_, let secret) = presented else { return .refused("another method") }
        return credential.prove(secret)
    }
}
