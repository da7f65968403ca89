import JOSE
import OAuth
import Storage

/// How much the caller has to know about a client with a metadata document.
enum ClientKnowledge: Sendable {
    /// Its identifier only: the rest was kept when the user approved.
    case identity
    /// The content of its document today.
    case document
    /// The content of its document today, for a new authorization that this network asks for; the document may be fetched.
    case authorization(from: ClientNetwork?)
}

/// Authenticates clients at the token and revocation endpoints.
/// Spec: OAuth 2.1 §2.4
struct ClientAuthentication: Sendable {
    let clients: ClientDirectory
    let observer: Observer

    /// The authenticated client of a request; a refusal is observed. `needed` says how much the caller has to know about a client
    /// that an operator did not register.
    ///
    /// The registered method decides, never the presented one: a client with a secret cannot pass as a public client.
    func client(
        _ parameters: Parameters, authorization: String?, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Client {
        try await observer.observingRefusals {
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
            case .authorization(let network): try await clients.pushing(presented.clientID, from: network, now: now)
            }
        } catch let error as OAuthError where error.code == .invalidClient {
            throw Self.refused(error.reason ?? "unknown client").asked(by: presented.clientID.string)
        }
    }

    /// The reason of a refusal, for the log only: a caller must not learn how the client is registered.
    private static func mismatch(_ client: Client, _ presented: PresentedClient) -> String? {
        let registered = client.metadata.authMethod
        guard presented.method == registered else {
            return presented.method == .none
                ? "\(client.id) sent no secret; it is registered with \(registered)"
                : "\(client.id) authenticated by \(presented.method); it is registered with \(registered)"
        }
        guard registered.accepts(presented, client.credential) else {
            return "\(client.id) sent a wrong secret, by \(registered) as it is registered"
        }
        return nil
    }

    private static func refused(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Client authentication failed. Check client_id, secret and authentication method.",
            reason: reason)
    }
}
