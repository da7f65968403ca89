import JOSE
import OAuth

/// One method of client authentication, in a file of its own.
///
/// It decides synchronously, because introspection authenticates on an event loop. The asynchronous function that looks the
/// credential up fetches whatever the decision needs, such as a key set.
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

/// The credential that a client or an MCP server is registered with.
enum RegisteredCredential: Sendable {
    /// No credential: a public client.
    case nothing
    /// The digest of a secret.
    case secret(Digest)

    /// Whether `secret` is the registered one, compared in constant time.
    func isSecret(_ secret: Secret) -> Bool {
        switch self {
        case .nothing: false
        case .secret(let digest): ConstantTime.equal(Digest.sha256(secret.bytes).bytes, digest.bytes)
        }
    }
}
