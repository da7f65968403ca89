import JOSE

/// The metadata that a client asks to be registered with, reduced to what this server supports.
///
/// Real clients send members, grants and methods of other servers, so what is not supported is dropped and not refused; the
/// response tells the client what was registered.
///
/// Spec: RFC 7591 §3.1
package struct RegistrationRequest: Hashable, Sendable {
    static let limits = JSON.Limits(bytes: 64 * 1024, depth: 16, members: 1000)
    static let maximumRedirects = 32

    /// The claimed name, cleaned for display; nil for a client without a name.
    let name: String?
    /// The well-formed redirect URIs in the order of the request, each once. Which of them are admitted is for the server to
    /// decide.
    package let redirectURIs: [RedirectURI]
    /// The authentication method at the token endpoint.
    package let authMethod: ClientAuthenticationMethod
    /// Whether the request names a supported authentication method itself, so that the method is not a default.
    package let namesAuthMethod: Bool
    /// The usable keys, whatever the method. A registration keeps those of a client that authenticates by `private_key_jwt`.
    package let keys: ClientKeys?
    let refreshes: Bool
    /// What the client binds itself to.
    let requirements: ClientRequirements
    /// The claimed kind of program; nil if the request names none.
    package let applicationType: ApplicationType?
    let uri: String?
    let logoURI: String?
    let termsURI: String?
    let policyURI: String?
    /// The members of the request, for those that only an update has.
    let members: JSONObject

    /// Reads a request; an error names the member that cannot be registered.
    package init(parsing bytes: [UInt8]) throws(OAuthError) {
        let members: JSONObject
        do {
            members = try JSONObject(parsing: bytes, limits: Self.limits)
        } catch {
            throw MetadataSource.registration.refusal("must be strict JSON of at most 64 KiB: \(error)")
        }
        let reader = MetadataReader(members, from: .registration)
        try reader.checkKeys()
        keys = reader.keys()
        let method = try reader.registeredMethod(keys: keys)
        self.members = members
        name = try reader.optionalName()
        redirectURIs = try reader.registeredRedirects()
        authMethod = method ?? .clientSecretBasic
        namesAuthMethod = method != nil
        refreshes = try reader.registeredRefreshing()
        requirements = try reader.requirements()
        applicationType = try reader.text(.applicationType).flatMap(ApplicationType.init(rawValue:))
        uri = try reader.link(.clientURI)
        logoURI = try reader.link(.logoURI)
        termsURI = try reader.link(.termsURI)
        policyURI = try reader.link(.policyURI)
    }

    /// The registration with those redirects that `admits` accepts. Without one it is refused, with the sentence that names
    /// the operator's command.
    package func registration(
        admitting admits: (RedirectURI) throws -> Bool
    ) throws -> ClientRegistration {
        let admitted = try redirectURIs.filter(admits)
        guard !admitted.isEmpty else { throw noRedirect }
        return ClientRegistration(self, redirectURIs: admitted)
    }

    private var noRedirect: OAuthError {
        if applicationType == .web, redirectURIs.allSatisfy({ $0.isLoopback || $0.kind != .https }) {
            return OAuthError(
                .invalidRedirectURI,
                "A client of application_type 'web' may register only https redirects of other machines. Register as 'native', or "
                    + "leave application_type out.")
        }
        // An operator pastes the command into a shell, and the client chose the redirect.
        let isPlain = { (text: String) in text.utf8.allSatisfy { $0.isUnreserved || ":/".utf8.contains($0) } }
        let example = redirectURIs.map(\.string).first {
            $0.utf8.count <= 200 && isPlain($0) && (try? RedirectPattern($0)) != nil
        }
        return OAuthError(
            .invalidRedirectURI,
            "No redirect URI of this registration is admitted. An operator can admit it with 'gatehouse clients redirects "
                + "allow \(example ?? "URI")'.")
    }
}

extension MetadataReader {
    fileprivate func optionalName() throws(OAuthError) -> String? {
        try text(.clientName).flatMap { DisplayName($0)?.string }
    }

    /// The well-formed redirects. A malformed one does not invalidate the others, because no response is ever sent to it.
    fileprivate func registeredRedirects() throws(OAuthError) -> [RedirectURI] {
        guard let listed = members[metadata: .redirectURIs]?.array, !listed.isEmpty else {
            throw OAuthError(.invalidRedirectURI, "The registration needs redirect_uris, a list of strings.")
        }
        guard listed.count <= RegistrationRequest.maximumRedirects else {
            throw OAuthError(
                .invalidRedirectURI,
                "The registration may list at most \(RegistrationRequest.maximumRedirects) redirect_uris.")
        }
        var seen: Set<String> = []
        let usable = listed.compactMap { $0.string.flatMap { try? RedirectURI($0) } }
            .filter { seen.insert($0.string).inserted }
        guard !usable.isEmpty else {
            throw OAuthError(
                .invalidRedirectURI,
                "The registration needs a well-formed redirect URI: https://, http:// on localhost, or an app's own scheme."
            )
        }
        return usable
    }

    /// The first supported method that the request names; nil if it names none, for the default of the specification.
    ///
    /// A client that names the key alone is refused without usable keys: no other method would fit it.
    ///
    /// Spec: RFC 7591 §2
    fileprivate func registeredMethod(keys: ClientKeys?) throws(OAuthError) -> ClientAuthenticationMethod? {
        let single = try text(.authMethod)
        let several = try strings(.authMethods)
        let named = (single.map { [$0] } ?? []) + (several ?? [])
        let supported = named.compactMap(ClientAuthenticationMethod.init(rawValue:))
        let provable = supported.filter { $0 != .privateKeyJWT || keys != nil }
        guard supported.isEmpty || !provable.isEmpty else {
            throw MetadataSource.registration.refusal(
                "names private_key_jwt: add a key for ES256, ES384, EdDSA, RS256 or PS256 to jwks, or its key set in jwks_uri."
            )
        }
        return provable.first
    }

    /// Whether the client uses refresh tokens: yes, unless it lists grant types without `refresh_token`.
    fileprivate func registeredRefreshing() throws(OAuthError) -> Bool {
        guard let listed = try strings(.grantTypes) else { return true }
        return listed.contains(GrantType.refreshToken.rawValue)
    }
}
