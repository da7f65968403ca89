import JOSE
import OAuth
import Outbound
import Storage

/// Checks the draft of an identity provider, with discovered endpoints where it has none.
struct IdentityProviderCheck {
    let client: ProviderClient
    let draft: IdentityProviderDraft
    /// Whether the metadata is read although the draft has every endpoint.
    var needsMetadata = false

    /// The provider. Its secret is sealed when it is stored.
    func provider(now: Timestamp) async throws -> IdentityProvider {
        let name = try ProviderName(draft.name)
        _ = try GroupSource(provider: name)
        let issuer = try OpenIDIssuer(draft.issuer)
        // A Gatehouse that vouches for its own users would sign them in without end.
        guard !(issuer.string + "/").hasPrefix(client.issuer.string + "/") else {
            throw AdministrationError(
                .invalid, "This Gatehouse cannot be its own identity provider. Use another server.")
        }
        let metadata = try await metadata(of: issuer)
        guard let authorization = draft.authorizationEndpoint ?? metadata?.authorizationEndpoint,
            let token = draft.tokenEndpoint ?? metadata?.tokenEndpoint, let keys = draft.keysURL ?? metadata?.keysURL
        else { throw AdministrationError(.invalid, "The provider's endpoints are unknown.") }
        let named = NamedEndpoints(connection, issuer: issuer.string)
        try named.checkAuthorization(authorization)
        let credential = try IdentityProviderCredential(draft, connection, offered: metadata)
        let registration = Provider(
            name: name, owner: "", issuer: issuer.string,
            authorizationEndpoint: try ProviderAdministration.checkedURL(
                authorization, as: "The authorization endpoint"),
            tokenEndpoint: try ProviderAdministration.checkedURL(token, as: "The token endpoint"),
            clientID: try AdministrationText.checked(draft.clientID, as: "The client id", atMost: 2000),
            authMethod: credential.method,
            sendsIssuer: metadata?.sendsIssuer ?? false,
            isTokenEndpointForeign: try named.isTokenEndpointForeign(token),
            createdAt: now)
        return IdentityProvider(
            issuer: issuer, registration: registration,
            keysURL: try ProviderAdministration.checkedURL(keys, as: "The URL of the keys"),
            areKeysForeign: try named.isForeign(keys, isWritten: draft.keysURL != nil, "jwks url"),
            assertionAudience: credential.audience,
            listedContexts: Self.usable(metadata?.contexts ?? []),
            endSessionEndpoint: try endSession(metadata, named),
            settings: try IdentityProviderSettings(draft.options))
    }

    /// The draft as that of a provider for connections, whose rules for addresses and credentials are the same.
    private var connection: ProviderDraft {
        var draft = ProviderDraft(name: draft.name, owner: "", clientID: draft.clientID)
        draft.issuer = self.draft.issuer
        draft.authorizationEndpoint = self.draft.authorizationEndpoint
        draft.tokenEndpoint = self.draft.tokenEndpoint
        draft.clientSecret = self.draft.clientSecret
        draft.authMethod = self.draft.authMethod
        return draft
    }

    private func metadata(of issuer: OpenIDIssuer) async throws(AdministrationError) -> OpenIDProviderMetadata? {
        let isComplete = draft.authorizationEndpoint != nil && draft.tokenEndpoint != nil && draft.keysURL != nil
        return isComplete && !needsMetadata ? nil : try await OpenIDDiscovery(client: client).metadata(of: issuer)
    }

    /// The address at which a browser signs out; an empty one in the draft means none.
    private func endSession(_ metadata: OpenIDProviderMetadata?, _ named: NamedEndpoints) throws -> String? {
        guard let url = draft.endSessionEndpoint ?? metadata?.endSessionEndpoint, !url.isEmpty else { return nil }
        _ = try named.isForeign(url, isWritten: draft.endSessionEndpoint != nil, "end session endpoint")
        return try ProviderAdministration.checkedURL(url, as: "The end session endpoint")
    }

    /// The contexts of the metadata, without those that no request can carry.
    private static func usable(_ listed: [AuthenticationContext]) -> [AuthenticationContext] {
        Array(listed.filter { AuthenticationContext(requestable: $0.rawValue) != nil }.prefix(mostContexts))
    }

    private static let mostContexts = 50

    /// The e-mail domains whose users sign in at the provider.
    func homeDomains() throws -> [String] { try draft.homeDomains.map(EmailAddress.checkedDomain) }
}

/// Asks an OpenID provider for its documents.
struct OpenIDDiscovery {
    let client: ProviderClient

    /// The metadata of an issuer.
    ///
    /// Spec: OpenID Connect Discovery §4
    func metadata(of issuer: OpenIDIssuer) async throws(AdministrationError) -> OpenIDProviderMetadata {
        let body = try await body(of: issuer.metadataURL, namedBy: .anOperator)
        do throws(OAuthValueError) {
            return try OpenIDProviderMetadata(body, of: issuer)
        } catch {
            throw AdministrationError(.invalid, error.sentence)
        }
    }

    /// The number of keys at the provider's URL that can verify an ID token.
    func usableKeys(of provider: IdentityProvider) async throws(AdministrationError) -> Int {
        let body = try await body(of: provider.keysURL, namedBy: provider.areKeysForeign ? .aDocument : .anOperator)
        guard let json = try? JSONObject(parsing: body), let set = try? JWKSet(json: json) else {
            throw AdministrationError(.invalid, "\(provider.keysURL) is not a JWK set.")
        }
        return set.keys.count { !$0.algorithms.isEmpty && (try? VerificationKey($0)) != nil }
    }

    private func body(
        of url: String, namedBy source: OperatorClient.Source
    ) async throws(AdministrationError) -> [UInt8] {
        do {
            let response = try await client.outbound.get(
                RemoteURL(operator: url), fields: [("Accept", "application/json")], namedBy: source)
            guard response.status == 200 else {
                throw AdministrationError(.invalid, "\(url) answered \(response.status).")
            }
            return response.body
        } catch let error as AdministrationError {
            throw error
        } catch {
            throw AdministrationError(.invalid, "Cannot fetch \(url): \(ErrorText.of(error)).")
        }
    }
}
