package import JOSE
import OAuth
import Storage

/// Registers clients at their own request.
///
/// A public client gets an id that derives from its metadata, so that repeated registrations give one client and one row. A
/// confidential client, and every client of mode `token`, gets a random id, a registration access token and, where its method
/// has one, a secret. Nothing is fetched.
///
/// Spec: RFC 7591 §3
package struct RegistrationEndpoint: Sendable {
    let mode: RegistrationMode
    let issuer: Issuer
    let store: Store
    let limit: SourceLimit
    let clock: WallClock
    let observer: Observer

    /// Registers the client that `body` describes, and returns its registration.
    ///
    /// `authorization` is the header with the initial access token, and `address` the address of the client.
    package func register(_ body: [UInt8], authorization: String?, address: String?) async throws -> JSON {
        try await observer.observingRefusals {
            let now = clock.now()
            let source = RequestSource(address: address)
            try limit.check(source, now: now)
            let invitation = try invitation(authorization)
            let request = try RegistrationRequest(parsing: body)
            let isPublic = request.authMethod == .none && invitation == nil
            // A registration that is refused, or was stored a moment ago, costs no write.
            let (registration, known) = try await store.read { transaction in
                let registration = try self.lists.registration(request, in: transaction)
                let known = isPublic ? try Self.known(registration, in: transaction, now: now) : nil
                return (registration, known)
            }
            if let known {
                observer.observe(.clientRegistered(isNew: false))
                return known.json
            }
            let (response, isNew) = try await store.write { transaction in
                if let invitation, try !transaction.invitations.spend(invitation.digest, now: now) {
                    throw Self.notInvited
                }
                return isPublic
                    ? try Self.registerPublic(registration, from: source, in: transaction, now: now)
                    : try self.registerOwned(
                        registration, isInvited: invitation != nil, from: source, in: transaction, now: now)
            }
            observer.observe(.clientRegistered(isNew: isNew))
            return response.json
        }
    }

    private var lists: RedirectLists { RedirectLists(registering: mode) }

    // MARK: Public clients

    /// The response for a public client that registered a moment ago; nil for any other, which has to be written.
    private static func known(
        _ registration: ClientRegistration, in transaction: Transaction, now: Timestamp
    ) throws -> RegistrationResponse? {
        let id = try ClientID.ofPublicClient(.sha256(registration.stored()))
        guard let client = try transaction.dynamicClients.find(id), client.isCurrent(at: now) else { return nil }
        return RegistrationResponse(clientID: id, registration: registration, issuedAt: client.registeredAt)
    }

    private static func registerPublic(
        _ registration: ClientRegistration, from source: RequestSource, in transaction: Transaction, now: Timestamp
    ) throws -> (RegistrationResponse, isNew: Bool) {
        let metadata = try registration.stored()
        let id = try ClientID.ofPublicClient(.sha256(metadata))
        let (client, isNew) = try store(
            DynamicClient(
                id: id, metadata: metadata, network: source.network?.description ?? "",
                site: source.site?.description ?? "", registeredAt: now), in: transaction)
        let response = RegistrationResponse(clientID: id, registration: registration, issuedAt: client.registeredAt)
        return (response, isNew)
    }

    /// Stores a client. Where there is no room, the refusal undoes the transaction, and an initial access token keeps its use.
    private static func store(
        _ client: DynamicClient, in transaction: Transaction
    ) throws -> (DynamicClient, isNew: Bool) {
        switch try transaction.dynamicClients.register(client) {
        case .new(let client): return (client, true)
        case .known(let client): return (client, false)
        case .full(let wait):
            throw OAuthError(
                .tooManyRequests, "Too many clients registered a moment ago. Try again in \(wait) s.",
                reason: "no room for a registration from \(client.network)"
            ).retrying(after: wait)
        }
    }

    // MARK: Clients of one registrant

    private func registerOwned(
        _ registration: ClientRegistration, isInvited: Bool, from source: RequestSource, in transaction: Transaction,
        now: Timestamp
    ) throws -> (RegistrationResponse, isNew: Bool) {
        let id = try ClientID.ofOneRegistrant()
        let secret = registration.authMethod.isSharedSecret ? ClientSecret.random() : nil
        let token = RegistrationToken.random()
        let (client, isNew) = try Self.store(
            DynamicClient(
                id: id, metadata: registration.stored(), secretDigest: secret?.digest,
                registrationTokenDigest: token.digest, isInvited: isInvited,
                network: source.network?.description ?? "", site: source.site?.description ?? "", registeredAt: now),
            in: transaction)
        if isInvited {
            // Invitations are few, so each of their registrations has a record. Any other client gets one at its first approval.
            try transaction.audit.append(
                AuditEntry(
                    .clientRegistered, at: now, actor: .client(id), client: id, reason: "by an initial access token",
                    initiator: .system))
        }
        let response = RegistrationResponse(
            clientID: id, registration: registration, issuedAt: client.registeredAt, secret: secret,
            management: .init(uri: RegistrationManagement.uri(of: id, at: issuer), token: token))
        return (response, isNew)
    }

    // MARK: Initial access tokens

    /// The initial access token; nil in a mode that needs none.
    private func invitation(_ authorization: String?) throws -> InitialAccessToken? {
        guard mode == .token else { return nil }
        guard let token = BearerCredential(field: authorization).token.flatMap({ InitialAccessToken($0) }) else {
            throw Self.notInvited
        }
        return token
    }

    private static let notInvited = OAuthError(
        .invalidToken,
        "Send a valid initial access token as a bearer token. An operator issues one with 'gatehouse clients invite'.")
}
