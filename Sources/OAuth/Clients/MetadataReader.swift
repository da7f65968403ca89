import JOSE

/// Where client metadata comes from, which decides how a refusal reads.
enum MetadataSource {
    /// The document at the URL that is the `client_id`.
    case document
    /// A request of the client to be registered.
    case registration

    /// The refusal of metadata that `predicate` describes.
    func refusal(_ predicate: String) -> OAuthError {
        switch self {
        case .document: OAuthError(.invalidClient, "The client's metadata document \(predicate)")
        case .registration: OAuthError(.invalidClientMetadata, "The registration \(predicate)")
        }
    }
}

/// Reads the members of client metadata. The order for a document is policy: identity, secrets, redirects, capabilities.
///
/// Spec: Client ID Metadata Document §4.1
struct MetadataReader {
    private static let maximumRedirects = 50

    let members: JSONObject
    private let source: MetadataSource

    init(_ members: JSONObject, from source: MetadataSource = .document) {
        self.members = members
        self.source = source
    }

    private func refusal(_ predicate: String) -> OAuthError { source.refusal(predicate) }

    func metadata(
        expected: ClientID, passed: (MetadataCheck) -> Void
    ) throws(OAuthError) -> ClientMetadata {
        try checkIdentity(expected)
        passed(.identity)
        try checkSecrets()
        passed(.secrets)
        let name = try name()
        passed(.name)
        let redirects = try redirectURIs()
        passed(.redirects)
        let keys = keys()
        let methods = try authMethods(keys: keys)
        passed(.method)
        let metadata = ClientMetadata(
            name: name, redirectURIs: redirects, authMethod: methods[0], or: Array(methods.dropFirst()), keys: keys,
            grantTypes: try strings(.grantTypes).map { Set($0.map(GrantType.init(rawValue:))) },
            requirements: try requirements(), scope: try scope(), uri: try link(.clientURI),
            logoURI: try link(.logoURI), termsURI: try link(.termsURI),
            policyURI: try link(.policyURI))
        passed(.rest)
        return metadata
    }

    /// The requirements that the metadata sets to true.
    func requirements() throws(OAuthError) -> ClientRequirements {
        var requirements: ClientRequirements = []
        for requirement in ClientRequirement.allCases {
            guard let value = members[requirement.rawValue], value != .null else { continue }
            guard let flag = value.bool else { throw refusal("must give \(requirement.rawValue) as true or false.") }
            if flag { requirements.insert(requirement) }
        }
        return requirements
    }

    // MARK: Identity and secrets

    private func checkIdentity(_ expected: ClientID) throws(OAuthError) {
        guard let claimed = members[metadata: .clientID]?.string, claimed.utf8.elementsEqual(expected.string.utf8)
        else {
            throw refusal("must name its own URL as client_id, character for character.")
        }
    }

    private func checkSecrets() throws(OAuthError) {
        guard members[metadata: .clientSecret] == nil, members[metadata: .clientSecretExpiresAt] == nil else {
            throw refusal("is public: it may hold no client_secret.")
        }
        try checkKeys()
    }

    /// Refuses two sources of keys, private keys, and a `jwks_uri` that is no https URL.
    func checkKeys() throws(OAuthError) {
        guard members[metadata: .jwks] == nil || members[metadata: .jwksURI] == nil else {
            throw refusal("may have jwks or jwks_uri, not both.")
        }
        guard !PrivateKeys.areIn(members[metadata: .jwks]),
            !PrivateKeys.areIn(statement: members[metadata: .softwareStatement])
        else {
            throw refusal("may hold the public half of its keys only: replace these keys, which are no longer private.")
        }
        if members[metadata: .jwksURI] != nil, try link(.jwksURI) == nil {
            throw refusal("must name its keys by an https:// URL in jwks_uri.")
        }
    }

    private func name() throws(OAuthError) -> String {
        guard let claimed = members[metadata: .clientName]?.string, let name = DisplayName(claimed) else {
            throw refusal("needs a client_name that can be shown to a person.")
        }
        return name.string
    }

    // MARK: Redirects

    /// The usable redirect URIs of the list. An unusable one does not invalidate the others, because no response is ever sent to it.
    private func redirectURIs() throws(OAuthError) -> [RedirectURI] {
        guard let listed = members[metadata: .redirectURIs] else {
            throw refusal("needs redirect_uris.")
        }
        guard let listed = listed.array else {
            throw refusal("must give redirect_uris as a list of strings.")
        }
        guard listed.count <= Self.maximumRedirects else {
            throw refusal("may list at most \(Self.maximumRedirects) redirect_uris.")
        }
        let usable = listed.compactMap { $0.string.flatMap(Self.redirectURI) }
        guard !usable.isEmpty else {
            throw refusal("needs a redirect URI that begins with https://, or with http:// on localhost.")
        }
        return usable
    }

    /// Nil for a URI that a document cannot register: an app's own scheme, plain http to another host, or a malformed URI.
    private static func redirectURI(_ text: String) -> RedirectURI? {
        guard let redirect = try? RedirectURI(text), redirect.kind != .privateUse else { return nil }
        return redirect
    }

    /// An https URL; nil for any other URL. A URL with a dangerous scheme, such as `javascript:`, is refused.
    func link(_ member: MetadataMember) throws(OAuthError) -> String? {
        guard let text = members[metadata: member]?.string else { return nil }
        // Browsers ignore blanks and control characters before and in the scheme.
        let visible = text.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x7F }
        let scheme = String(String.UnicodeScalarView(visible.prefix { $0 != ":" })).lowercased()
        guard !OwnScheme.isDangerous(scheme) else {
            throw refusal("may not link to \(scheme): in \(member.rawValue).")
        }
        guard let uri = try? StrictURI(text, called: "link"), uri.scheme == "https", uri.authority != nil else {
            return nil
        }
        return text
    }

    // MARK: Capabilities

    /// The keys of the metadata; nil without usable ones.
    func keys() -> ClientKeys? {
        // `checkKeys` refused metadata with both members, and a jwks_uri that is no https URL.
        if let url = members[metadata: .jwksURI]?.string { return .url(url) }
        return members[metadata: .jwks]?.object.flatMap(ClientKeys.init)
    }

    /// The authentication methods, in the order of this server. A document without either member describes a public client,
    /// although the default of RFC 7591 is client_secret_basic.
    ///
    /// A document whose own method is `private_key_jwt` is held to its keys, whatever else it lists: a stolen code or refresh token
    /// is worth nothing without them.
    private func authMethods(keys: ClientKeys?) throws(OAuthError) -> [ClientAuthenticationMethod] {
        let single = try string(.authMethod)
        guard single.map({ !Self.isSharedSecret($0) }) ?? true else {
            throw refusal("is public: it cannot go with a shared secret as token_endpoint_auth_method.")
        }
        let declared = try strings(.authMethods) ?? [single ?? ClientAuthenticationMethod.none.rawValue]
        if let single, !declared.contains(single) {
            throw refusal("must repeat token_endpoint_auth_method in the list of supported methods.")
        }
        let isHeldToKey = single == ClientAuthenticationMethod.privateKeyJWT.rawValue
        let usable = ClientAuthenticationMethod.ofDocuments.filter { method in
            declared.contains(method.rawValue) && (method == .privateKeyJWT || !isHeldToKey)
        }
        guard !usable.isEmpty else {
            throw OAuthError(
                .unauthorizedClient,
                "The client's metadata document allows no authentication method of this server: add none or private_key_jwt to "
                    + "its list.")
        }
        let provable = usable.filter { $0 != .privateKeyJWT || keys != nil }
        guard !provable.isEmpty else {
            throw OAuthError(
                .unauthorizedClient,
                "The client's metadata document names private_key_jwt, but no key that this server can use: add a key for ES256, "
                    + "ES384, EdDSA, RS256 or PS256 to jwks, or name its key set in jwks_uri.")
        }
        return provable
    }

    /// Whether a word names a method with a shared secret, including the unsupported `client_secret_jwt`.
    private static func isSharedSecret(_ word: String) -> Bool {
        ClientAuthenticationMethod(rawValue: word)?.isSharedSecret ?? (word == "client_secret_jwt")
    }

    private func scope() throws(OAuthError) -> ScopeSet? {
        guard let text = try string(.scope) else { return nil }
        do throws(OAuthValueError) {
            let scopes = try ScopeSet(parsing: text)
            return scopes.isEmpty ? nil : scopes
        } catch {
            throw refusal("is refused for its scope. \(error.sentence)")
        }
    }

    /// A string; nil for an absent or an empty one.
    func text(_ member: MetadataMember) throws(OAuthError) -> String? {
        guard let text = try string(member), !text.isEmpty else { return nil }
        return text
    }

    private func string(_ member: MetadataMember) throws(OAuthError) -> String? {
        guard let value = members[metadata: member] else { return nil }
        guard let text = value.string else {
            throw refusal("must give \(member.rawValue) as a string.")
        }
        return text
    }

    /// A list of strings; nil for an absent or an empty list. Null elements are ignored.
    func strings(_ member: MetadataMember) throws(OAuthError) -> [String]? {
        guard let value = members[metadata: member] else { return nil }
        guard let texts = value.array.map({ JSON.array($0.filter { $0 != .null }) })?.strings else {
            throw refusal("must give \(member.rawValue) as a list of strings.")
        }
        return texts.isEmpty ? nil : texts
    }
}
