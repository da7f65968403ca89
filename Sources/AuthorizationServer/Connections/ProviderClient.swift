import Foundation
import JOSE
package import OAuth
package import Outbound
import Storage

/// Gatehouse as an OAuth client of providers.
package struct ProviderClient: Sendable {
    /// The first segment of the path of a callback, which tells what the provider is for.
    package enum Callback: String, Sendable {
        /// Users connect accounts at the provider.
        case connect
        /// Users sign in at the provider.
        case signIn = "sign-in"
    }

    let issuer: Issuer
    let outbound: OperatorClient
    private var callback = Callback.connect

    /// A client with the callback addresses of `issuer`, whose requests go through `outbound`.
    package init(issuer: Issuer, outbound: OperatorClient) {
        self.issuer = issuer
        self.outbound = outbound
    }

    /// The same client with callbacks of another kind.
    func through(_ callback: Callback) -> ProviderClient {
        var other = self
        other.callback = callback
        return other
    }

    /// The redirect URI of a provider. Each provider has its own, so that a callback shows which provider answered.
    func redirectURI(_ name: ProviderName) -> String { issuer.endpoint("/\(callback.rawValue)/\(name)/callback") }

    /// The URL of the authorization request; `more` are further parameters.
    ///
    /// Spec: OAuth 2.1 §4.1.1
    func authorizationURL(
        _ provider: Provider, scope: ScopeSet, state: String, proof: ConnectionProof,
        adding more: [(ParameterName, String)] = []
    ) -> String {
        var parameters: [(ParameterName, String)] = [
            (.responseType, "code"), (.clientID, provider.clientID), (.redirectURI, redirectURI(provider.name)),
            (.state, state), (.codeChallenge, CodeChallenge(for: proof.verifier).string),
            (.codeChallengeMethod, CodeChallenge.method),
        ]
        if !scope.isEmpty { parameters.append((.scope, scope.string)) }
        if let nonce = proof.nonce { parameters.append((.nonce, nonce)) }
        parameters += more
        let separator = provider.authorizationEndpoint.contains("?") ? "&" : "?"
        return provider.authorizationEndpoint + separator + Self.form(parameters)
    }

    /// Redeems the code of a callback.
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

    /// Refreshes the access token.
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

    /// Refreshes the tokens of a sign-in, of which only the refresh token is kept.
    ///
    /// Spec: OpenID Connect Core §12.1
    func refresh(
        _ refreshToken: Secret, at access: ProviderAccess, now: Timestamp
    ) async throws(GrantFailure) -> ProviderGrant {
        let parameters: [(ParameterName, String)] = [
            (.grantType, GrantType.refreshToken.rawValue), (.refreshToken, refreshToken.reveal()),
        ]
        return try await tokens(for: parameters, as: access) { response throws(ProviderFailure) in
            try ProviderGrant(response, now: now)
        }
    }

    /// Requests tokens. An unusable answer may still hold a token; the failure then carries it, so that it can be
    /// revoked.
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

    /// Revokes a token at the provider.
    ///
    /// Spec: RFC 7009 §2.1
    func revoke(_ token: DiscardedToken, at access: ProviderAccess) async throws(ProviderFailure) {
        guard let endpoint = access.revocationEndpoint else {
            throw .unavailable("no revocation endpoint is registered for it")
        }
        let parameters: [(ParameterName, String)] = [(.token, token.value), (.tokenTypeHint, token.hint.rawValue)]
        let response = try await post(parameters, to: endpoint, as: access)
        guard response.status == 200 else { throw .unavailable("it answered \(response.status)") }
    }

    /// Fetches the metadata of an issuer that an operator names.
    func discover(_ issuer: String) async throws(AdministrationError) -> ProviderMetadata {
        var problem = "no address was tried"
        for location in ProviderMetadata.locations(of: issuer) {
            do {
                let response = try await outbound.get(
                    RemoteURL(operator: location), fields: [("Accept", "application/json")])
                guard response.status == 200 else {
                    problem = "\(location) answered \(response.status)"
                    continue
                }
                return try ProviderMetadata(response.body, of: issuer)
            } catch let error as AdministrationError {
                throw error
            } catch {
                throw AdministrationError(
                    .invalid, "Cannot fetch \(location): \(error). Check the issuer, or name the endpoints yourself.")
            }
        }
        throw AdministrationError(
            .invalid, "The issuer publishes no metadata: \(problem); name the endpoints yourself.")
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
        case .privateKeyJWT:
            parameters += [
                (.clientID, id), (.clientAssertionType, ClientAssertion.type),
                (.clientAssertion, access.assertion?.reveal() ?? ""),
            ]
        case .none: parameters.append((.clientID, id))
        }
        do {
            return try await outbound.post(
                RemoteURL(operator: endpoint.url), body: Array(Self.form(parameters).utf8),
                contentType: "application/x-www-form-urlencoded", fields: fields, namedBy: endpoint.source)
        } catch let error as OutboundFailure {
            switch error {
            // The provider answered, and its next answer will not be better.
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

    /// The parameters as a query or a form.
    static func form(_ parameters: [(ParameterName, String)]) -> String {
        parameters.map { "\($0.rawValue)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
    }
}

/// A provider with Gatehouse's opened client secret, or with an assertion in its place.
struct ProviderAccess: Sendable {
    /// An address at the provider, with its source: an operator's URL may lead to private addresses, a document's may
    /// not.
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
    /// The signed assertion of `private_key_jwt`, for one request.
    var assertion: Secret?

    fileprivate var tokenEndpoint: Endpoint {
        Endpoint(provider.tokenEndpoint, isForeign: provider.isTokenEndpointForeign)
    }
    fileprivate var revocationEndpoint: Endpoint? {
        provider.revocationEndpoint.map { Endpoint($0, isForeign: provider.isRevocationEndpointForeign) }
    }
}
