import JOSE
import OAuth

/// One method of client authentication, in a file of its own.
///
/// It decides synchronously, because introspection authenticates on an event loop. The asynchronous function that looks the
/// credential up fetches whatever the decision needs, such as a key set.
protocol ClientAuthenticator {
    /// Whether `presented` follows this method and proves that its sender holds `credential`.
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof
}

/// The verdict of an authentication method.
enum ClientProof: Sendable {
    /// The sender holds the credential.
    case proven
    /// The sender holds the credential, unless somebody used this assertion before. The caller has to spend it.
    case provenOnce(ProvenAssertion)
    /// The reason of the refusal, for the log only.
    case refused(String)
}

extension ClientAuthenticationMethod {
    private var authenticator: any ClientAuthenticator.Type {
        switch self {
        case .none: PublicClient.self
        case .privateKeyJWT: PrivateKeyJWT.self
        case .clientSecretBasic: ClientSecretBasic.self
        case .clientSecretPost: ClientSecretPost.self
        }
    }

    /// Whether `presented` follows this method and proves that its sender holds `credential`.
    func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        authenticator.prove(presented, credential)
    }
}

/// The credential that a client or an MCP server is registered with.
enum RegisteredCredential: Sendable {
    /// No credential: a public client.
    case nothing
    /// The digest of a secret.
    case secret(Digest)
    /// The keys that an assertion selects, with the claims that it must have.
    case keys(AssertionCredential)

    /// Whether an assertion names a key that is none of the registered ones.
    var hasNoKey: Bool { if case .keys(let credential) = self { credential.keys.isEmpty } else { false } }

    /// The verdict on a secret, which is compared in constant time.
    func prove(_ secret: Secret) -> ClientProof {
        switch self {
        case .nothing, .keys: .refused("a secret, but none is registered")
        case .secret(let digest):
            ConstantTime.equal(Digest.sha256(secret.bytes).bytes, digest.bytes) ? .proven : .refused("wrong secret")
        }
    }
}
