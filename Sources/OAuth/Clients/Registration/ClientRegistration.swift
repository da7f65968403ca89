package import JOSE

/// The metadata of a client that registered itself, as it is stored and returned to the client.
///
/// The stored form is canonical JSON, so that the id of a public client can derive from it. `scope`, `software_id`, `contacts`
/// and every other member without an effect here are dropped: they would give one client many ids.
///
/// Spec: RFC 7591 §2
package struct ClientRegistration: Hashable, Sendable {
    /// The largest stored form in bytes, because strangers decide how many are stored.
    package static let maximumSize = 16 * 1024
    /// A change of the canonical form is a new version, which gives new ids and leaves the stored ones as they are.
    private static let version: Int64 = 1

    /// The claimed name, cleaned for display; nil for a client without a name.
    package let name: String?
    /// The admitted redirect URIs.
    package let redirectURIs: [RedirectURI]
    /// The authentication method at the token endpoint.
    package private(set) var authMethod: ClientAuthenticationMethod
    /// The keys of a client that authenticates by `private_key_jwt`; nil for any other.
    package private(set) var keys: ClientKeys?
    /// Whether the client may hold refresh tokens.
    package let refreshes: Bool
    /// What the client binds itself to.
    package let requirements: ClientRequirements
    /// The claimed kind of program; nil if the client names none.
    package let applicationType: ApplicationType?
    /// The URL of the client's home page (https).
    package let uri: String?
    /// The URL of the client's logo (https).
    package let logoURI: String?
    /// The URL of the client's terms of service (https).
    package let termsURI: String?
    /// The URL of the client's privacy policy (https).
    package let policyURI: String?

    /// The grant types; every client begins its sessions with an authorization code.
    package var grantTypes: [GrantType] { refreshes ? [.authorizationCode, .refreshToken] : [.authorizationCode] }

    /// The registration as client metadata.
    package var metadata: ClientMetadata {
        ClientMetadata(
            name: name ?? "", redirectURIs: redirectURIs, authMethod: authMethod, keys: keys,
            grantTypes: Set(grantTypes), requirements: requirements, uri: uri, logoURI: logoURI, termsURI: termsURI,
            policyURI: policyURI)
    }

    /// The members as a client receives them.
    ///
    /// Spec: RFC 7591 §3.2.1
    package var json: JSONObject {
        var object = JSONObject()
        object[.clientName] = name.map(JSON.string)
        object[.redirectURIs] = .strings(redirectURIs.map(\.string))
        object[.authMethod] = .string(authMethod.rawValue)
        switch keys {
        case .inline(let bytes): object[.jwks] = try? JSON.parse(bytes)
        case .url(let url): object[.jwksURI] = .string(url)
        case nil: break
        }
        object[.grantTypes] = .strings(grantTypes.map(\.rawValue))
        object[.responseTypes] = .strings([ResponseType.code.rawValue])
        // False is the default and stays out, so that it gives no second id.
        for requirement in requirements { object[requirement.rawValue] = true }
        object[.applicationType] = (applicationType?.rawValue).map(JSON.string)
        object[.clientURI] = uri.map(JSON.string)
        object[.logoURI] = logoURI.map(JSON.string)
        object[.termsURI] = termsURI.map(JSON.string)
        object[.policyURI] = policyURI.map(JSON.string)
        return object
    }

    /// The canonical form, which is stored. The order of the redirects has no meaning, so it is not part of the form.
    package func stored() throws(OAuthError) -> [UInt8] {
        var object = json
        object["version"] = .integer(Self.version)
        object[.redirectURIs] = .strings(redirectURIs.map(\.string).sorted())
        guard let bytes = try? object.canonical(), bytes.count <= Self.maximumSize else {
            throw MetadataSource.registration.refusal("is too large: register shorter and fewer values.")
        }
        return bytes
    }

    /// The same registration with the authentication method of `current`. A client with keys gets `keys`, or keeps its own if the
    /// update brings none.
    package func authenticating(as current: ClientRegistration, keys: ClientKeys?) -> ClientRegistration {
        var registration = self
        registration.authMethod = current.authMethod
        registration.keys = current.authMethod == .privateKeyJWT ? keys ?? current.keys : nil
        return registration
    }

    /// Reads the stored form.
    package init(stored bytes: [UInt8]) throws(OAuthError) {
        let request = try RegistrationRequest(parsing: bytes)
        self.init(request, redirectURIs: request.redirectURIs)
    }
}

extension ClientRegistration {
    /// Admits what a request asks for; `redirectURIs` are the admitted ones.
    init(_ request: RegistrationRequest, redirectURIs: [RedirectURI]) {
        name = request.name
        self.redirectURIs = redirectURIs
        authMethod = request.authMethod
        keys = request.authMethod == .privateKeyJWT ? request.keys : nil
        refreshes = request.refreshes
        requirements = request.requirements
        applicationType = request.applicationType
        uri = request.uri
        logoURI = request.logoURI
        termsURI = request.termsURI
        policyURI = request.policyURI
    }
}

extension JSONObject {
    fileprivate subscript(member: MetadataMember) -> JSON? {
        get { self[member.rawValue] }
        set { self[member.rawValue] = newValue }
    }
}
