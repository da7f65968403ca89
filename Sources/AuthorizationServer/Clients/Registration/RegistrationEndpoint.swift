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
    let limit: NetworkLimit
    let clock: WallClock
    let observer: Observer

    /// Registers the client that `body` describes, and returns its registration.
    ///
    /// `authorization` is the header with the initial access token, and `address` the address of the client.
    package func register(_ body: [UInt8], authorization: String?, address: String?) async throws -> JSON {
        try await observer.observingRefusals {
            let now = clock.now()
            let network = ClientNetwork.subnet(of: address)
            try limit.check(network, now: now)
            let invitation = try invitation(authorization)
            let request = try RegistrationRequest(parsing: body)
            let isPublic = request.authMethod == .none && invitation == nil
            if isPublic, let known = try await store.read({ try self.known(request, in: $0, now: now) }) {
                observer.observe(.clientRegistered(isNew: false))
                return known.json
            }
            let (response, isNew) = try await store.write { transaction in
                if let invitation { try self.spend(invitation, in: transaction, now: now) }
                let registration = try self.admit(request, in: transaction)
                return isPublic
                    ? try self.registerPublic(registration, from: network, in: transaction, now: now)
                    : try self.registerOwned(
                        registration, isInvited: invitation != nil, from: network, in: transaction, now: now)
            }
            observer.observe(.clientRegistered(isNew: isNew))
            return response.json
        }
    }

    // MARK: Public clients

    /// The response for a public client that registered within the last hour; nil for any other, which has to be written.
    private func known(
        _ request: RegistrationRequest, in transaction: Transaction, now: Timestamp
    ) throws -> RegistrationResponse? {
        let registration = try admit(request, in: transaction)
        let id = try ClientID.ofPublicClient(.sha256(registration.stored()))
        guard let client = try transaction.dynamicClients.find(id), client.isCurrent(at: now) else { return nil }
        return RegistrationResponse(clientID: id, registration: registration, issuedAt: client.registeredAt)
    }

    private func registerPublic(
        _ registration: ClientRegistration, from network: ClientNetwork?, in transaction: Transaction, now: Timestamp
    ) throws -> (RegistrationResponse, isNew: Bool) {
        let metadata = try registration.stored()
        let id = try ClientID.ofPublicClient(.sha256(metadata))
        let (client, isNew) = try transaction.dynamicClients.register(
            DynamicClient(id: id, metadata: metadata, network: network?.description ?? "", registeredAt: now))
        let response = RegistrationResponse(clientID: id, registration: registration, issuedAt: client.registeredAt)
        return (response, isNew)
    }

    // MARK: Clients of one registrant

    private func registerOwned(
        _ registration: ClientRegistration, isInvited: Bool, from network: ClientNetwork?,
        in transaction: Transaction, now: Timestamp
    ) throws -> (RegistrationResponse, isNew: Bool) {
        let id = try ClientID.ofOneRegistrant()
        let secret = registration.authMethod.isSharedSecret ? ClientSecret.random() : nil
        let token = RegistrationToken.random()
        let (client, isNew) = try transaction.dynamicClients.register(
            DynamicClient(
                id: id, metadata: registration.stored(), secretDigest: secret?.digest,
                registrationTokenDigest: token.digest, isInvited: isInvited, network: network?.description ?? "",
                registeredAt: now))
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

    // MARK: Admission

    private func admit(_ request: RegistrationRequest, in transaction: Transaction) throws -> ClientRegistration {
        let rule = RedirectAdmission(mode: mode, applicationType: request.applicationType)
        return try request.registration { try rule.admits($0, isListed: transaction.isListed($0)) }
    }

    /// The digest of the initial access token; nil in a mode that needs none.
    private func invitation(_ authorization: String?) throws -> Digest? {
        guard mode == .token else { return nil }
        guard let token = BearerHeader.token(in: authorization) else { throw Self.notInvited }
        return .sha256(token.bytes)
    }

    /// Spends one use of an initial access token; a refusal of the registration later in the transaction gives it back.
    private func spend(_ invitation: Digest, in transaction: Transaction, now: Timestamp) throws {
        guard try transaction.invitations.spend(invitation, now: now) else { throw Self.notInvited }
    }

    private static let notInvited = OAuthError(
        .invalidToken,
        "Send a valid initial access token as a bearer token. An operator issues one with 'gatehouse clients invite'.")
}
