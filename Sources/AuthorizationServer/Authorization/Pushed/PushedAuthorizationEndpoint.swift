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
    let clock: WallClock
    let observer: Observer

    /// Answers a pushed request from this IP address, given its form and its Authorization header.
    package func answer(
        _ parameters: Parameters, authorization: String?, address: String?
    ) async throws -> PushedAuthorizationResponse {
        let now = clock.now()
        let network = ClientNetwork.subnet(of: address)
        let pushed = try await authentication.identify(
            parameters, authorization: authorization, knowing: .authorization(from: network), now: now)
        return try await observer.observingRefusals {
            do {
                return try await accept(pushed, from: network, now: now)
            } catch let failure as AuthorizationFailure {
                // No browser is involved, so even a refusal that could go to the redirect goes to the client directly.
                throw failure.error.asked(by: pushed.asker.id.string)
            }
        }
    }

    private func accept(
        _ pushed: Identified<Parameters, Client>, from network: ClientNetwork?, now: Timestamp
    ) async throws -> PushedAuthorizationResponse {
        let client = pushed.asker
        let query = try PushedAuthorization.query(pushed.request, of: client.id)
        let uri = PushedRequestURI.random()
        let draft = try AuthorizationDraft(query, arrival: .pushed(uri.digest))
        let request = try draft.checked(against: client, settings.clients)
        if let unmet = request.body.authentication.refusal(among: people.contexts) { throw unmet }
        try client.checkMayAuthorize()
        let row = PushedRequest(
            digest: uri.digest, clientID: client.id, pusher: client.pusher(in: network), request: query,
            expiresAt: now + Self.lifetime)
        let refusal = try await store.write { [settings] transaction -> OAuthError? in
            let access = try RequestedAccess.find(
                request.body, client: client, defaultResource: settings.defaultResource, in: transaction)
            if case .failure(let error) = access { return error }
            return try transaction.pushedRequests.insert(row, now: now) ? nil : Self.tooMany
        }
        if let refusal { throw refusal }
        return PushedAuthorizationResponse(requestURI: uri, expiresIn: Self.lifetime)
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
    fileprivate func pusher(in network: ClientNetwork?) -> PushedRequest.Pusher {
        guard isRegistered, metadata.authMethod != .none else { return .network(network?.description ?? "unknown") }
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
            settings: settings, store: store, authentication: revocation.authentication, people: people, clock: clock,
            observer: observer)
    }
}
