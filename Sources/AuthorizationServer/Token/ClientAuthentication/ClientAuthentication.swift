import JOSE
import OAuth
import Storage

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
    let observer: Observer

    /// The client that a request comes from, or a counted refusal. `needed` says what has to be known of a client that an
    /// operator did not register.
    ///
    /// The method that the client is registered with decides, never the one that was presented.
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
            }
        } catch let error as OAuthError where error.code == .invalidClient {
            throw Self.refused(error.reason ?? "unknown client").asked(by: presented.clientID.string)
        }
    }

    /// What is wrong, for the operator alone: the caller is not told what the client is registered with.
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
            .invalidClient, "The client is not known here or did not prove itself; check client_id and secret.",
            reason: reason)
    }
}
