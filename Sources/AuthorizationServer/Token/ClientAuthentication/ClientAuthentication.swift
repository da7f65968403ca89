import JOSE
import OAuth
import Storage

extension PresentedClient {
    /// The method by which the client authenticated.
    fileprivate var method: ClientAuthenticationMethod {
        switch self {
        case .none: .none
        case .basic: .clientSecretBasic
        case .post: .clientSecretPost
        }
    }
}

/// What has to be known of a client with a document, beyond that it may be here.
enum ClientKnowledge: Sendable {
    /// Its identifier: what else counts was kept when its person approved.
    case identity
    /// What its document says today.
    case document
}

/// Authenticates clients at the token and revocation endpoints.
/// Spec: OAuth 2.1 §2.4
struct ClientAuthentication: Sendable {
    let clients: ClientDirectory
    let counters: Counters

    /// The client that a request comes from, or a counted refusal. `needed` says what has to be known of a client that an
    /// operator did not register.
    ///
    /// The method that the client is registered with decides, never the one that was presented.
    func client(
        _ parameters: Parameters, authorization: String?, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Client {
        try await counters.counting {
            let presented = try PresentedClient(ofClient: parameters, authorization: authorization)
            let client = try await find(presented, knowing: needed, now: now)
            if let reason = Self.mismatch(client, presented) {
                throw Self.refused(reason).asked(by: presented.clientID.string)
            }
            return client
        }
    }

    private func find(
        _ presented: PresentedClient, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Client {
        do {
            return
                switch needed
            {
            case .identity: try await clients.named(presented.clientID)
            case .document: try await clients.refreshing(presented.clientID, now: now)
            }
        } catch let error as OAuthError where error.code == .invalidClient {
            throw Self.refused(error.reason ?? "unknown client").asked(by: presented.clientID.string)
        }
    }

    /// What is wrong, for the operator alone: the caller is not told what the client is registered with.
    private static func mismatch(_ client: Client, _ presented: PresentedClient) -> String? {
        let registered = client.authentication.method
        switch (client.authentication, presented) {
        case (.none, .none): return nil
        case (.secret(let digest, .clientSecretBasic), .basic(_, let secret)),
            (.secret(let digest, .clientSecretPost), .post(_, let secret)):
            let isRight = ConstantTime.equal(Digest.sha256(secret.bytes).bytes, digest.bytes)
            return isRight ? nil : "\(client.id) sent a wrong secret, by \(registered) as it is registered"
        case (.secret, .none): return "\(client.id) sent no secret; it is registered with \(registered)"
        case (_, .none), (_, .basic), (_, .post):
            return "\(client.id) authenticated by \(presented.method); it is registered with \(registered)"
        }
    }

    private static func refused(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "The client is not known here or did not prove itself; check client_id and secret.",
            reason: reason)
    }
}
