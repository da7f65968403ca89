package import OAuth
import Storage

/// Takes authorization requests from clients directly, so that the browser carries only a reference that nobody can alter.
///
/// Every check that needs no user happens here. The authorization endpoint repeats the checks, because operators may change
/// clients and MCP servers in between.
/// Spec: RFC 9126 §2
package struct PushedAuthorizationEndpoint: Sendable {
    /// For how many seconds a `request_uri` can be used.
    static let lifetime: Int64 = 90

    let settings: Settings
    let store: Store
    let authentication: ClientAuthentication
    /// The sign-in methods, which decide the authentication contexts that a request can demand.
    let people: SignInService
    let limit: SourceLimit
    let possession: PossessionCheck
    let clock: WallClock
    let observer: Observer

    /// Answers a pushed request from this IP address, given its form, its Authorization header and its DPoP headers.
    package func answer(
        _ parameters: Parameters, authorization: String?, proofs: [String] = [], address: String?
    ) async throws -> PushedAuthorizationResponse {
        let now = clock.now()
        let source = RequestSource(address: address)
        // Asked first, because anybody can send such a request, and everything behind it costs more.
        let key = try await observer.observingRefusals {
            try limit.check(source, now: now)
            return try possession.key(provenBy: proofs, at: .pushedAuthorization, now: now)
        }
        let pushed = try await authentication.identify(
            parameters, authorization: authorization, knowing: .authorization(from: source.network), now: now
        ).proving(key)
        return try await observer.observingRefusals {
            do {
                return try await accept(pushed, from: source, now: now)
            } catch let failure as AuthorizationFailure {
                // No browser is involved, so even a refusal that could go to the redirect goes to the client directly.
                throw failure.error.asked(by: pushed.asker.id.string)
            }
        }
    }

    private func accept(
        _ pushed: Identified<Parameters, Client>, from source: RequestSource, now: Timestamp
    ) async throws -> PushedAuthorizationResponse {
        let client = pushed.asker
        let query = try PushedAuthorization.query(
            pushed.request, of: client.id, provingKey: pushed.key?.thumbprint)
        let uri = PushedRequestURI.random()
        let draft = try AuthorizationDraft(query, arrival: .pushed(uri.digest))
        let request = try draft.checked(against: client, settings.clients)
        if let unmet = try await people.reachableContexts.refusal(of: request.body.authentication) { throw unmet }
        try client.checkMayAuthorize()
        let row = PushedRequest(
            digest: uri.digest, clientID: client.id, pusher: client.pusher(from: source), request: query,
            expiresAt: now + Self.lifetime)
        // Read first, so that a refused request costs no write; and again in the write, because others push meanwhile.
        if let refusal = try await store.read({ try objection(to: row, request.body, client, in: $0, now: now) }) {
            throw refusal
        }
        let refusal = try await store.write { transaction -> OAuthError? in
            if let refusal = try objection(to: row, request.body, client, in: transaction, now: now) { return refusal }
            try pushed.key?.spend(in: transaction, isOfStranger: row.pusher.isStranger)
            return try transaction.pushedRequests.insert(row, now: now) ? nil : Self.tooMany
        }
        if let refusal { throw refusal }
        return PushedAuthorizationResponse(requestURI: uri, expiresIn: Self.lifetime)
    }

    /// Why a request cannot be stored now; nil if it can.
    private func objection(
        to row: PushedRequest, _ request: AuthorizationRequest, _ client: Client, in transaction: Transaction,
        now: Timestamp
    ) throws -> OAuthError? {
        let access = try RequestedAccess.find(
            request, client: client, defaultResource: settings.defaultResource, in: transaction)
        if case .failure(let error) = access { return error }
        let open = try transaction.pushedRequests.openCount(of: row.pusher, now: now)
        return open < PushedRequest.mostOpen ? nil : Self.tooMany
    }

    private static let tooMany = OAuthError(
        .tooManyRequests, "Too many pushed requests are open. Use them, or wait until they expire.",
        reason: "\(PushedRequest.mostOpen) pushed requests of this client or network are open"
    ).retrying(after: lifetime)
}

extension Client {
    /// The party whose open requests this client's requests count among.
    ///
    /// A client has a count of its own only if an operator registered it and it authenticates: anyone can push as a public client,
    /// and anyone can register clients with secrets or publish documents with keys.
    func pusher(from source: RequestSource) -> PushedRequest.Pusher {
        guard origin.isRegistered, metadata.authMethod != .none else {
            return .network(
                source.network?.description ?? "unknown", site: source.site?.description ?? "unknown")
        }
        return .client(id)
    }

    /// Refuses a client that registered grant types without `authorization_code`.
    func checkMayAuthorize() throws(OAuthError) {
        guard metadata.allows(.authorizationCode) else {
            throw OAuthError(.unauthorizedClient, "This client did not register the authorization_code grant.")
        }
    }
}

extension Gatehouse {
    /// `/par`.
    package var pushedAuthorization: PushedAuthorizationEndpoint {
        PushedAuthorizationEndpoint(
            settings: settings, store: store, authentication: revocation.authentication, people: people,
            limit: pushLimit, possession: token.possession, clock: clock, observer: observer)
    }
}
