package import JOSE
import OAuth
import Storage

/// Lets the registrant of a client read, change and remove its registration.
///
/// Only clients of one registrant have a registration access token: a public client with a derived id belongs to everybody who
/// registers the same metadata.
///
/// Spec: RFC 7592 §2
package struct RegistrationManagement: Sendable {
    let mode: RegistrationMode
    let issuer: Issuer
    let store: Store
    let limit: SourceLimit
    /// Limits the changes of each client, because each leaves an audit record.
    let changes: RateLimit<ClientID>
    let clock: WallClock
    let observer: Observer

    /// The URL at which the registration of a client is managed.
    static func uri(of id: ClientID, at issuer: Issuer) -> String {
        issuer.endpoint(AdvertisedEndpoint.registration.path + "/" + id.string)
    }

    /// The registration of the client with this id.
    package func read(_ id: String, authorization: String?, address: String?) async throws -> JSON {
        try await observer.observingRefusals {
            let asked = try admit(id, authorization, address)
            return try await store.read { transaction in
                let client = try Self.client(asked.id, asked.token, in: transaction)
                return response(client, try ClientRegistration(stored: client.metadata), token: asked.token)
            }.json
        }
    }

    /// Replaces the metadata of a client, and its registration access token with it. Live sessions keep what their users
    /// approved.
    ///
    /// Spec: RFC 7592 §2.2
    package func update(_ id: String, _ body: [UInt8], authorization: String?, address: String?) async throws -> JSON {
        try await observer.observingRefusals {
            let now = clock.now()
            let asked = try admit(id, authorization, address)
            let client = try await store.read { try Self.client(asked.id, asked.token, in: $0) }
            let update = try RegistrationUpdate(parsing: body, of: asked.id)
            try changes.check(asked.id, now: now)
            let next = RegistrationToken.random()
            return try await store.write { transaction in
                // The token is checked again: another update may have replaced it meanwhile.
                let current = try Self.client(asked.id, asked.token, in: transaction)
                let registration = try self.registration(update, of: current, in: transaction)
                let metadata = try registration.stored()
                _ = try transaction.dynamicClients.update(
                    asked.id, metadata: metadata, registrationTokenDigest: next.digest)
                if metadata != client.metadata {
                    try Self.record(.clientChanged, of: current, in: transaction, now: now)
                }
                return self.response(current, registration, token: next)
            }.json
        }
    }

    /// Removes a client and ends its sessions.
    ///
    /// Spec: RFC 7592 §2.3
    package func remove(_ id: String, authorization: String?, address: String?) async throws {
        try await observer.observingRefusals {
            let now = clock.now()
            let asked = try admit(id, authorization, address)
            let ended = try await store.write { transaction in
                let client = try Self.client(asked.id, asked.token, in: transaction)
                let ending = SessionEnding(
                    reason: .clientRemoved, initiator: .system, actor: .client(asked.id),
                    explanation: "the client removed its registration", at: now)
                let ended = try transaction.dynamicClients.remove(client: asked.id, ending)
                try Self.record(.clientRemoved, of: client, in: transaction, now: now)
                return ended ?? EndedSessions()
            }
            _ = try await store.endRest(of: ended)
        }
    }

    /// Appends the record of what a registrant did. What strangers do with a client that nobody admitted leaves none, because a
    /// flood of it would fill the audit trail.
    private static func record(
        _ action: AuditAction, of client: DynamicClient, in transaction: Transaction, now: Timestamp
    ) throws {
        guard client.usedAt != nil || client.isInvited else { return }
        try transaction.audit.append(
            AuditEntry(action, at: now, actor: .client(client.id), client: client.id, initiator: .system))
    }

    private func admit(
        _ id: String, _ authorization: String?, _ address: String?
    ) throws(OAuthError) -> (id: ClientID, token: RegistrationToken) {
        try limit.check(RequestSource(address: address), now: clock.now())
        guard let clientID = try? ClientID(id), clientID.isSelfRegistered,
            let token = BearerCredential(field: authorization).token.flatMap({ RegistrationToken($0) })
        else { throw Self.refusal("no registration access token") }
        return (clientID, token)
    }

    /// The client whose registration access token this is. A blocked client counts as unknown, so that its token neither reads
    /// nor changes anything.
    private static func client(
        _ id: ClientID, _ token: RegistrationToken, in transaction: Transaction
    ) throws -> DynamicClient {
        guard let client = try transaction.dynamicClients.find(id), let digest = client.registrationTokenDigest,
            ConstantTime.equal(token.digest.bytes, digest.bytes)
        else { throw refusal("unknown client or wrong registration access token").asked(by: id.string) }
        guard try transaction.clientRules.block(client: id, host: nil) == nil else {
            throw refusal("the client is blocked").asked(by: id.string)
        }
        return client
    }

    /// The registration after an update. The authentication method stays: a client that dropped its secret would turn its live
    /// sessions into those of a public client.
    private func registration(
        _ update: RegistrationUpdate, of client: DynamicClient, in transaction: Transaction
    ) throws -> ClientRegistration {
        let current = try ClientRegistration(stored: client.metadata)
        let request = update.request
        guard !request.namesAuthMethod || request.authMethod == current.authMethod else {
            throw OAuthError(
                .invalidClientMetadata,
                "The authentication method of a registered client cannot change. Register a new client instead.")
        }
        if let sent = update.secret {
            guard let digest = client.secretDigest,
                ConstantTime.equal(Digest.sha256(sent.bytes).bytes, digest.bytes)
            else {
                throw OAuthError(.invalidClientMetadata, "The client_secret is not the current one. Leave it out.")
            }
        }
        return try RedirectLists(of: client, mode).registration(request, in: transaction)
            .authenticating(as: current, keys: request.keys)
    }

    private func response(
        _ client: DynamicClient, _ registration: ClientRegistration, token: RegistrationToken
    ) -> RegistrationResponse {
        RegistrationResponse(
            clientID: client.id, registration: registration, issuedAt: client.registeredAt,
            management: .init(uri: Self.uri(of: client.id, at: issuer), token: token))
    }

    private static func refusal(_ reason: String) -> OAuthError {
        OAuthError(
            .invalidToken, "The client is not registered here, or the registration access token is not its own.",
            reason: reason)
    }
}
