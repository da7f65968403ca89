import JOSE
import OAuth

/// One method of client authentication, in a file of its own: whether what was presented proves the holder of a credential.
///
/// It decides without waiting, because introspection decides on an event loop. What has to be fetched to decide, such as a key
/// set, is fetched by the asynchronous function that looks the credential up.
protocol ClientAuthenticator {
    /// Whether `presented` follows this method and proves that its sender holds `credential`.
    static func proves(_ presented: PresentedClient, _ credential: RegisteredCredential) -> Bool
}

extension ClientAuthenticationMethod {
    private var authenticator: any ClientAuthenticator.Type {
        switch self {
        case .none: PublicClient.self
        case .clientSecretBasic: ClientSecretBasic.self
        case .clientSecretPost: ClientSecretPost.self
        }
    }

    /// Whether `presented` follows this method and proves that its sender holds `credential`.
    func accepts(_ presented: PresentedClient, _ credential: RegisteredCredential) -> Bool {
        authenticator.proves(presented, credential)
    }
}

/// What a client or an MCP server is registered to prove itself with.
enum RegisteredCredential: Sendable {
    /// Nothing: a public client.
    case nothing
    /// A secret, by its digest.
    case secret(Digest)

    /// Whether `secret` is the registered one, compared in constant time.
    func isSecret(_ secret: Secret) -> Bool {
        switch self {
        case .nothing: false
        case .secret(let digest): ConstantTime.equal(Digest.sha256(secret.bytes).bytes, digest.bytes)
        }
    }
}
