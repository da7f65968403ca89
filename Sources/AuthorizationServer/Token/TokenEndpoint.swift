package import OAuth
import Storage

/// Exchanges proven grants for tokens. It owns every phase but one: how a grant is proven and spent is the grant's.
/// Spec: OAuth 2.1 §3.2
package struct TokenEndpoint: Sendable {
    let store: Store
    let authentication: TokenAuthentication
    let issuer: TokenIssuer
    let grants: GrantList
    let clock: WallClock
    let counters: Counters
    let trace: TokenStepTrace

    /// Answers a token request, given its form and its Authorization header. `onBackChannel` tells that it came under a host
    /// name that only MCP servers reach.
    package func answer(
        _ parameters: Parameters, authorization: String?, onBackChannel: Bool = false
    ) async throws -> TokenResponse {
        let grant = (try? parameters.value(.grantType)).flatMap { grants[GrantType(rawValue: $0)] }
        if onBackChannel, !(grant?.isServedOnBackChannel ?? false) { throw try Self.clientGrant(parameters) }
        do {
            guard let grant else { throw try await refuse(parameters, authorization: authorization) }
            return try await answer(grant, parameters, authorization: authorization)
        } catch let error as OAuthError {
            trace.refused(error, parameters)
            throw error.asked(by: (try? PresentedClient(parameters, authorization: authorization))?.clientID.string)
        }
    }

    /// The phases of every grant, in their order.
    private func answer<G: Grant>(
        _ grant: G, _ parameters: Parameters, authorization: String?
    ) async throws -> TokenResponse {
        let now = clock.now()
        let asker = try await G.Asker.identify(
            parameters, authorization: authorization, knowing: grant.knowledge, by: authentication, now: now)
        return try await counters.counting { () throws -> TokenResponse in
            let request = try asker.map { parameters in try grant.read(parameters) }
            guard request.asker.mayUse(grant.type) else {
                throw OAuthError(.unauthorizedClient, "This client did not register the grant type \(grant.type).")
            }
            return try issuer.issue(await earn(grant, request), now: now)
        }
    }

    /// Redeems the grant in a transaction, and in another one if the first found that something has to be fetched before. The
    /// rounds are bounded, whatever a grant says.
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
        throw OAuthError(.serverError, "Try again later.", reason: "\(grant.type) is never prepared")
    }

    /// Everything that one transaction has to hold together: proving, spending, admitting, and the record.
    private func decide<G: Grant>(
        _ grant: G, _ request: Identified<G.Request, G.Asker>, _ preparation: G.Preparation
    ) async throws -> GrantVerdict<G.Missing> {
        let verdict = try await store.write { transaction in
            // The clock is asked again inside: writes come one after another, and of two requests for one grant the later one
            // must not carry the earlier time.
            let verdict = try grant.redeem(request, preparation, in: transaction, now: clock.now())
            if case .earned(_, let record) = verdict { try transaction.audit.tallies.append(record) }
            return verdict
        }
        grant.committed(verdict, of: request.request)
        return verdict
    }

    // MARK: Grants that are not served

    /// Refuses a request that no grant answers. A client that is gone has to hear so, whatever else is wrong: some register
    /// again on nothing else.
    private func refuse(_ parameters: Parameters, authorization: String?) async throws -> OAuthError {
        _ = try await authentication.clients.identify(
            parameters, authorization: authorization, knowing: .identity, now: clock.now())
        do throws(OAuthError) {
            _ = try parameters.required(.grantType)
            return counters.counted(
                OAuthError(.unsupportedGrantType, "Use one of the grant types in this server's metadata."))
        } catch {
            return counters.counted(error)
        }
    }

    /// Clients have no business under the host names of the back channel. That `grant_type` was repeated is told first.
    private static func clientGrant(_ parameters: Parameters) throws -> OAuthError {
        _ = try parameters.value(.grantType)
        return OAuthError(
            .unsupportedGrantType, "Only token exchange is answered at this address. Use the issuer's address.")
    }
}

extension Grant {
    fileprivate var isServedOnBackChannel: Bool { Asker.isServedOnBackChannel }
}
