import JOSE
import OAuth
import Storage

/// How much the caller has to know about a client with a metadata document.
enum ClientKnowledge: Sendable {
    /// Its identifier only: the rest was kept when the user approved. The caller compares the method of the request with what its
    /// session demands.
    case identity
    /// The content of its document today, whose methods are demanded.
    case document
    /// The content of its document today, for a session. The caller compares the method of the request with what the session
    /// demands, because sessions of earlier versions know one method only.
    case session
    /// The content of its document today, for a new authorization that this network asks for; the document may be fetched.
    case authorization(from: ClientNetwork?)

    /// Whether the caller compares the method of the request with what a session demands.
    var isDecidedBySession: Bool {
        switch self {
        case .identity, .session: true
        case .document, .authorization: false
        }
    }
}

/// Authenticates clients at the endpoints for clients.
/// Spec: OAuth 2.1 §2.4
struct ClientAuthentication: Sendable {
    let clients: ClientDirectory
    let assertions: AssertionAuthentication
    let replacedSecretUse: ReplacedSecretUse
    let observer: Observer

    /// The authenticated client of a request and its method; a refusal is observed. `needed` says how much the caller has to know
    /// about a client that an operator did not register.
    ///
    /// The registered methods decide, never the presented one: a client with a secret cannot pass as a public client.
    func client(
        _ parameters: Parameters, authorization: String?, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> (Client, ClientAuthenticationMethod) {
        try await observer.observingRefusals {
            let presented = try PresentedClient(ofClient: parameters, authorization: authorization)
            var client = try await find(presented, knowing: needed, now: now)
            try checkMethod(of: client, presented, knowing: needed)
            var credential = try await credential(of: client, for: presented, now: now)
            // A key that the cached document does not hold may stand in the document of today.
            if credential.hasNoKey, let newer = try await clients.rereading(client, now: now) {
                client = newer
                try checkMethod(of: client, presented, knowing: needed)
                credential = try await self.credential(of: client, for: presented, now: now)
            }
            try await prove(client, by: presented, credential, now: now)
            return (client, presented.method)
        }
    }

    private func find(
        _ presented: PresentedClient, knowing needed: ClientKnowledge, now: Timestamp
    ) async throws -> Client {
        let isByKey = presented.method == .privateKeyJWT
        do {
            switch needed {
            // The keys of a client with a document stand in the document of today.
            case .identity where !isByKey: return try await clients.named(presented.clientID)
            case .identity, .document, .session:
                return try await clients.refreshing(presented.clientID, byKey: isByKey, now: now)
            case .authorization(let network):
                return try await clients.pushing(presented.clientID, byKey: isByKey, from: network, now: now)
            }
        } catch let error as OAuthError where error.code == .invalidClient {
            throw Self.refused(error.reason ?? "unknown client").asked(by: presented.clientID.string)
        }
    }

    /// Refuses a method that the client did not register. The reason is for the log only: a caller must not learn how the client is
    /// registered.
    private func checkMethod(
        of client: Client, _ presented: PresentedClient, knowing needed: ClientKnowledge
    ) throws(OAuthError) {
        let registered = client.metadata.authMethods
        // Whether a document's client may come without its key is decided with its session.
        let isDecidedLater = needed.isDecidedBySession && presented.method == .none && client.origin.host != nil
        guard isDecidedLater || registered.contains(presented.method) else {
            let names = registered.map(\.rawValue).joined(separator: " or ")
            throw Self.refused(
                presented.method == .none
                    ? "\(client.id) sent no secret; it is registered with \(names)"
                    : "\(client.id) authenticated by \(presented.method); it is registered with \(names)"
            ).asked(by: presented.clientID.string)
        }
    }

    /// Refuses unless the request proves that its sender holds the credential, and spends what counts once.
    private func prove(
        _ client: Client, by presented: PresentedClient, _ credential: RegisteredCredential, now: Timestamp
    ) async throws {
        let reason: String? =
            switch presented.method.prove(presented, credential) {
            case .proven: nil
            case .provenOnce(let assertion): try await assertions.spend(assertion, of: client.id)
            case .refused(let reason):
                "\(client.id) authenticated by \(presented.method), as it is registered: \(reason)"
            }
        if let reason, try await !provesReplaced(client, by: presented, now: now) {
            throw Self.refused(reason).asked(by: presented.clientID.string)
        }
    }

    /// Whether a registered client presents the secret that a newer one replaced, while both work. It is read only for a secret that
    /// is not the current one.
    private func provesReplaced(
        _ client: Client, by presented: PresentedClient, now: Timestamp
    ) async throws -> Bool {
        guard client.origin.isRegistered, presented.method.isSharedSecret,
            let replaced = try await assertions.store.read({
                try $0.replacedClientSecrets.working(of: client.id, now: now)
            }), case .proven = presented.method.prove(presented, .secret(replaced.digest))
        else { return false }
        replacedSecretUse.note(replaced, of: client.id, now: now)
        return true
    }

    /// The credential that the client registered for the presented method.
    private func credential(
        of client: Client, for presented: PresentedClient, now: Timestamp
    ) async throws -> RegisteredCredential {
        switch presented {
        case .none: .nothing
        case .basic, .post: client.secret.map { .secret($0) } ?? .nothing
        case .assertion(_, let assertion):
            if let keys = client.metadata.keys {
                try await assertions.credential(
                    for: assertion, of: client.id, keys, isAdministrators: client.origin.isRegistered, now: now)
            } else {
                .nothing
            }
        }
    }

    /// The refusal, after the observer learned of it.
    func observed(_ error: OAuthError) -> OAuthError {
        observer.observe(.refused(error))
        return error
    }

    private static func refused(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidClient, "Client authentication failed. Check client_id, credential and authentication method.",
            reason: reason)
    }
}
