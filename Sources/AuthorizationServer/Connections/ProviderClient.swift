import Foundation
import JOSE
package import OAuth
package import Outbound
import Storage

/// Gatehouse as a client of other authorization servers.
package struct ProviderClient: Sendable {
    let issuer: Issuer
    let outbound: OperatorClient

    /// A client that comes from `issuer` and goes out through `outbound`.
    package init(issuer: Issuer, outbound: OperatorClient) {
        self.issuer = issuer
        self.outbound = outbound
    }

    /// Where the provider sends people back: one address for each provider and owner.
    func redirectURI(_ name: ProviderName) -> String { issuer.endpoint("/connect/\(name)/callback") }

    /// Where the person is sent.
    ///
    /// Spec: OAuth 2.1 §4.1.1
    func authorizationURL(_ provider: Provider, scope: ScopeSet, state: String, proof: ConnectionProof) -> String {
        var parameters: [(ParameterName, String)] = [
            (.responseType, "code"), (.clientID, provider.clientID), (.redirectURI, redirectURI(provider.name)),
            (.state, state), (.codeChallenge, CodeChallenge(for: proof.verifier).string),
            (.codeChallengeMethod, CodeChallenge.method),
        ]
        if !scope.isEmpty { parameters.append((.scope, scope.string)) }
        if let nonce = proof.nonce { parameters.append((.nonce, nonce)) }
        let separator = provider.authorizationEndpoint.contains("?") ? "&" : "?"
        return provider.authorizationEndpoint + separator + Self.form(parameters)
    }

    /// Redeems the code that a callback brought.
    ///
    /// Spec: OAuth 2.1 §4.1.3
    func redeem(
        _ code: String, at access: ProviderAccess, proof: ConnectionProof, now: Timestamp
    ) async throws(GrantFailure) -> ProviderGrant {
        let parameters: [(ParameterName, String)] = [
            (.grantType, GrantType.authorizationCode.rawValue), (.code, code),
            (.redirectURI, redirectURI(access.provider.name)), (.codeVerifier, proof.verifier.reveal()),
        ]
        return try await tokens(for: parameters, as: access) { response throws(ProviderFailure) in
            let grant = try ProviderGrant(response, now: now)
            try proof.check(grant.idToken)
            return grant
        }
    }

    /// Gets a new access token.
    ///
    /// Spec: OAuth 2.1 §4.3
    func refresh(
        _ tokens: ProviderTokens, _ refreshToken: String, at access: ProviderAccess, now: Timestamp
    ) async throws(GrantFailure) -> ProviderGrant {
        let parameters: [(ParameterName, String)] = [
            (.grantType, GrantType.refreshToken.rawValue), (.refreshToken, refreshToken),
        ]
        return try await self.tokens(for: parameters, as: access, besides: tokens) {
            response throws(ProviderFailure) in
            try ProviderGrant(response, earlier: tokens, now: now)
        }
    }

    /// Asks for tokens. An answer that cannot be used may hold one all the same; the failure then carries it.
    private func tokens(
        for parameters: [(ParameterName, String)], as access: ProviderAccess, besides earlier: ProviderTokens? = nil,
        read: (OutboundResponse) throws(ProviderFailure) -> ProviderGrant
    ) async throws(GrantFailure) -> ProviderGrant {
        let response: OutboundResponse
        do throws(ProviderFailure) {
            response = try await post(parameters, to: access.tokenEndpoint, as: access)
        } catch {
            throw GrantFailure(error)
        }
        do throws(ProviderFailure) {
            return try read(response)
        } catch {
            throw GrantFailure(error, token: DiscardedToken(response.body, besides: earlier))
        }
    }

    /// Tells the provider that its tokens are not needed any more.
    ///
    /// Spec: RFC 7009 §2.1
    func revoke(_ token: DiscardedToken, at access: ProviderAccess) async throws(ProviderFailure) {
        guard let endpoint = access.revocationEndpoint else {
            throw .unavailable("it has no revocation endpoint here")
        }
        let parameters: [(ParameterName, String)] = [(.token, token.value), (.tokenTypeHint, token.hint.rawValue)]
        let response = try await post(parameters, to: endpoint, as: access)
        guard response.status == 200 else { throw .unavailable("it answered \(response.status)") }
    }

    /// Spec: OAuth 2.1 §2.4
    private func post(
        _ parameters: [(ParameterName, String)], to endpoint: ProviderAccess.Endpoint, as access: ProviderAccess
    ) async throws(ProviderFailure) -> OutboundResponse {
        var parameters = parameters
        var fields = [(name: "Accept", value: "application/json")]
        let id = access.provider.clientID
        switch access.provider.authMethod {
        case .clientSecretBasic:
            let secret = access.secret?.reveal() ?? ""
            fields.append(("Authorization", Self.basic(id, secret)))
        case .clientSecretPost:
            parameters += [(.clientID, id), (.clientSecret, access.secret?.reveal() ?? "")]
        case .none: parameters.append((.clientID, id))
        }
        do {
            return try await outbound.post(
                RemoteURL(operator: endpoint.url), body: Array(Self.form(parameters).utf8),
                contentType: "application/x-www-form-urlencoded", fields: fields, namedBy: endpoint.source)
        } catch let error as OutboundFailure {
            // Too large or not HTTP is an answer too, and will not be better the next time.
            switch error {
            case .oversized, .malformed: throw .unusable("\(error)")
            case .unacceptableURL, .hostNotAllowed, .rulesUnavailable, .overBudget, .busy, .unresolvable,
                .refusedAddress,
                .unreachable, .untrusted, .interrupted, .deadline, .unwritable, .status, .mediaType:
                throw .unavailable("\(error)")
            }
        } catch {
            throw .unavailable(ErrorText.of(error))
        }
    }

    /// Spec: RFC 6749 §2.3.1
    private static func basic(_ id: String, _ secret: String) -> String {
        let plain = "\(PercentEncoding.encode(id)):\(PercentEncoding.encode(secret))"
        return "Basic " + Base64.encode(plain.utf8)
    }

    private static func form(_ parameters: [(ParameterName, String)]) -> String {
        parameters.map { "\($0.rawValue)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }
}

/// A provider with the secret that Gatehouse proves itself by there.
struct ProviderAccess: Sendable {
    /// An address at the provider, and who named it.
    struct Endpoint: Sendable {
        let url: String
        let source: OperatorClient.Source

        fileprivate init(_ url: String, isForeign: Bool) {
            self.url = url
            source = isForeign ? .aDocument : .anOperator
        }
    }

    let provider: Provider
    let secret: Secret?

    fileprivate var tokenEndpoint: Endpoint {
        Endpoint(provider.tokenEndpoint, isForeign: provider.isTokenEndpointForeign)
    }
    fileprivate var revocationEndpoint: Endpoint? {
        provider.revocationEndpoint.map { Endpoint($0, isForeign: provider.isRevocationEndpointForeign) }
    }
}
