package import OAuth
import Storage

/// Exchanges grants for tokens. It owns every phase but one: a `Grant` proves and spends itself.
/// Spec: OAuth 2.1 §3.2
package struct TokenEndpoint: Sendable {
    let store: Store
    let authentication: TokenAuthentication
    let issuer: TokenIssuer
    let grants: GrantList
    let clock: WallClock
    let observer: Observer

    /// Checks the proofs of possession of token requests and of pushed requests.
    package var possession: PossessionCheck { PossessionCheck(issuer: issuer.settings.issuer, keys: issuer.keys) }

    /// Answers a token request, given its form, its Authorization header and its DPoP headers. `onBackChannel` is true for a request
    /// to a host name that only MCP servers reach.
    package func answer(
        _ parameters: Parameters, authorization: String?, proofs: [String] = [], onBackChannel: Bool = false
    ) async throws -> TokenResponse {
        let grant = (try? parameters.value(.grantType)).flatMap { type in
            grants[
                GrantType(rawValue: type),
                { (try? PresentedClient(parameters, authorization: authorization))?.clientID }]
        }
        if onBackChannel, !(grant?.isServedOnBackChannel ?? false) { throw try Self.clientGrant(parameters) }
        do {
            guard let grant else { return try await refuse(parameters, authorization: authorization) }
            return try await answer(grant, parameters, authorization: authorization, proofs: proofs)
        } catch let error as OAuthError {
            observer.observe(.tokenRefused(error, parameters))
            throw error.asked(by: (try? PresentedClient(parameters, authorization: authorization))?.clientID.string)
        }
    }

    /// The phases of every grant, in their order.
    private func answer<G: Grant>(
        _ grant: G, _ parameters: Parameters, authorization: String?, proofs: [String]
    ) async throws -> TokenResponse {
        let now = clock.now()
        // Before authentication: a client that has to send its request again with a nonce has not used up its assertion.
        let key = try await observer.observingRefusals {
            try G.Asker.hasBoundTokens ? possession.key(provenBy: proofs, at: .token, now: now) : nil
        }
        let asker = try await G.Asker.identify(
            parameters, authorization: authorization, knowing: grant.knowledge, by: authentication, now: now
        ).proving(key)
        return try await observer.observingRefusals { () throws -> TokenResponse in
            if let refusal = asker.asker.proofDemand.refusal(of: key?.thumbprint) { throw refusal }
            let request = try asker.map { parameters in try grant.read(parameters) }
            guard request.asker.mayUse(grant.type) else {
                throw OAuthError(.unauthorizedClient, "This client did not register the grant type \(grant.type).")
            }
            return try issuer.issue(await earn(grant, request), boundTo: key?.thumbprint, now: now)
        }
    }

    /// Redeems the grant in a transaction, and in another one if the first found that something has to be fetched first. The
    /// number of rounds is bounded, whatever a grant reports.
    private func earn<G: Grant>(_ grant: G, _ request: Identified<G.Request, G.Asker>) async throws -> Issuance {
        var missing: G.Missing?
        for _ in 0..<3 {
            let preparation = try await grant.prepare(request.request, missing: missing)
            switch try await decide(grant, request, preparation) {
            case .earned(let issuance, _): return issuance
            case .refused(let error), .repeated(let error): throw error
            case .unprepared(let found): missing = found
            }
        }
        throw OAuthError(
            .serverError, "Try again later.", reason: "\(grant.type) reports a missing preparation every time")
    }

    /// Runs the one transaction that holds proving, spending, admitting and the audit record together.
    private func decide<G: Grant>(
        _ grant: G, _ request: Identified<G.Request, G.Asker>, _ preparation: G.Preparation
    ) async throws -> GrantVerdict<G.Missing> {
        let verdict = try await store.write { transaction in
            // Reads the clock inside the transaction: writes are serialized, and of two requests for one grant the later write
            // must not carry the earlier time.
            let now = clock.now()
            let verdict = try grant.redeem(request, preparation, in: transaction, now: now)
            if case .earned(_, let record) = verdict {
                // Last, so that the proof of a refused request leaves no row; a used proof takes back all that it redeemed.
                try request.key?.spend(in: transaction)
                try transaction.audit.tallies.append(record)
            }
            return verdict
        }
        grant.committed(verdict, of: request.request)
        return verdict
    }

    // MARK: Grants that are not served

    /// Refuses a request of an unknown grant type, after authenticating the client: some clients register again only when they
    /// receive `invalid_client`.
    private func refuse(_ parameters: Parameters, authorization: String?) async throws -> TokenResponse {
        _ = try await authentication.clients.identify(
            parameters, authorization: authorization, knowing: .identity, now: clock.now())
        return try await observer.observingRefusals {
            _ = try parameters.required(.grantType)
            throw OAuthError(.unsupportedGrantType, "Use one of the grant types in this server's metadata.")
        }
    }

    /// The refusal for a client's grant under a host name of the back channel. A repeated `grant_type` is refused first.
    private static func clientGrant(_ parameters: Parameters) throws -> OAuthError {
        _ = try parameters.value(.grantType)
        return OAuthError(
            .unsupportedGrantType, "Only token exchange is answered at this address. Use the issuer's address.")
    }
}

extension Grant {
    fileprivate var isServedOnBackChannel: Bool { Asker.isServedOnBackChannel }
}
