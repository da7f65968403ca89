package import JOSE

/// The client that a request claims to come from, with its proof. Nothing is verified yet.
///
/// Spec: OAuth 2.1 §2.4
/// Spec: RFC 6749 §2.3.1
package enum PresentedClient: Sendable {
    /// A `client_id` only. Whether that suffices depends on how the client is registered.
    case none(ClientID)
    /// Id and secret in the Authorization header.
    case basic(ClientID, Secret)
    /// Id and secret in the form.
    case post(ClientID, Secret)
    /// A signed JWT in the form.
    case assertion(ClientID, ClientAssertion)

    /// Reads the Authorization header and the form. Two proofs in one request are refused.
    ///
    /// A header of a scheme that authenticates no client, or an empty secret, leaves only the `client_id` of the form. Neither may
    /// stand beside a secret: a client with a secret sends it in one way and sends nothing else.
    package init(_ parameters: Parameters, authorization: String?) throws(OAuthError) {
        let named = try parameters.value(.clientID)
        let secret = try parameters.value(.clientSecret)
        if let assertion = try Self.assertion(parameters) {
            guard authorization == nil, secret == nil else {
                throw OAuthError(
                    .invalidRequest,
                    "Authenticate in one way: by client_assertion, without a secret and an Authorization header.")
            }
            self = .assertion(try Self.client(named ?? assertion.subject ?? "", of: assertion), assertion)
            return
        }
        switch authorization.map(AuthorizationHeader.init) {
        case .basic(let text):
            self = try Self.basic(text, named: named, secret: secret, hasSecret: parameters.names(.clientSecret))
        case .other where secret != nil:
            throw OAuthError(.invalidClient, "Leave out the Authorization header, or authenticate by HTTP Basic in it.")
        case .other, nil:
            guard let named else {
                throw OAuthError(.invalidClient, "Send client_id, or authenticate by HTTP Basic.")
            }
            let client = try Self.client(named)
            self = secret.map { .post(client, Secret($0)) } ?? .none(client)
        }
    }

    /// Reads the client of a request to an endpoint for clients.
    ///
    /// The scheme `DPoP` is refused and not ignored: these endpoints take no access token, and a client that confuses the scheme with
    /// the `DPoP` header would get bearer tokens unawares.
    package init(ofClient parameters: Parameters, authorization: String?) throws(OAuthError) {
        if let authorization, AuthorizationHeader.isDPoP(authorization) {
            throw OAuthError(
                .invalidRequest,
                "Send the proof in the DPoP header, and leave out the Authorization header with the scheme DPoP.")
        }
        try self.init(parameters, authorization: authorization)
    }

    /// The authentication method of the request.
    package var method: ClientAuthenticationMethod {
        switch self {
        case .none: .none
        case .basic: .clientSecretBasic
        case .post: .clientSecretPost
        case .assertion: .privateKeyJWT
        }
    }

    /// The claimed `client_id`.
    package var clientID: ClientID {
        switch self {
        case .none(let client), .basic(let client, _), .post(let client, _), .assertion(let client, _): client
        }
    }

    /// The presented secret; nil for a client without one.
    package var secret: Secret? {
        switch self {
        case .none, .assertion: nil
        case .basic(_, let secret), .post(_, let secret): secret
        }
    }

    /// The assertion of the form; nil without one.
    ///
    /// Spec: RFC 7521 §4.2
    private static func assertion(_ parameters: Parameters) throws(OAuthError) -> ClientAssertion? {
        let text = try parameters.value(.clientAssertion)
        guard let type = try parameters.value(.clientAssertionType) else {
            guard text == nil else {
                throw OAuthError(.invalidClient, "Send client_assertion_type with client_assertion.")
            }
            return nil
        }
        guard type == ClientAssertion.type else {
            throw OAuthError(.invalidClient, "Set client_assertion_type to \(ClientAssertion.type).")
        }
        return try ClientAssertion(try parameters.required(.clientAssertion))
    }

    /// The client that an assertion is for. One for another client proves nothing about the named one.
    private static func client(_ text: String, of assertion: ClientAssertion) throws(OAuthError) -> ClientID {
        guard assertion.subject == text else {
            throw OAuthError(.invalidClient, "Set sub of the client_assertion to the client_id.")
        }
        return try client(text)
    }

    /// `hasSecret` is true when the form has a secret, even an empty one: beside the header, an empty secret shows that the client's
    /// configuration is broken.
    private static func basic(
        _ header: String, named: String?, secret posted: String?, hasSecret: Bool
    ) throws(OAuthError) -> PresentedClient {
        guard let (name, secret) = BasicCredentials.read(header) else {
            throw OAuthError(
                .invalidClient, "The Authorization header must be HTTP Basic with the id and the secret.")
        }
        guard posted == nil, secret.isEmpty || !hasSecret else {
            throw OAuthError(.invalidRequest, "Authenticate in one way: by HTTP Basic or in the form.")
        }
        guard named == nil || named == name else {
            throw OAuthError(.invalidRequest, "The client_id in the form differs from the one in the header.")
        }
        let client = try client(name)
        return secret.isEmpty ? .none(client) : .basic(client, Secret(secret))
    }

    private static func client(_ text: String) throws(OAuthError) -> ClientID {
        do {
            return try ClientID(text)
        } catch {
            throw OAuthError(.invalidClient, error)
        }
    }
}

/// The kinds of Authorization header that client authentication distinguishes.
///
/// Spec: RFC 9110 §11.6.2
private enum AuthorizationHeader {
    /// HTTP Basic, with the header's whole text.
    case basic(String)
    /// A scheme that authenticates no client here, for example the access token that a library sends with every request.
    case other

    init(_ text: String) {
        self = Self.scheme(of: text) == "basic" ? .basic(text) : .other
    }

    static func isDPoP(_ text: String) -> Bool { scheme(of: text) == "dpop" }

    private static func scheme(of text: String) -> String { text.prefix { $0 != " " }.lowercased() }
}

/// Reads id and secret, each of them form-encoded, from an HTTP Basic header.
///
/// Spec: RFC 7617 §2
/// Spec: RFC 6749 §2.3.1
private enum BasicCredentials {
    static func read(_ header: String) -> (name: String, secret: String)? {
        guard header.utf8.count <= 4096, let blank = header.utf8.firstIndex(of: UInt8(ascii: " ")),
            header[..<blank].lowercased() == "basic", let bytes = Base64.decode(header[blank...].drop { $0 == " " }),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let name = PercentEncoding.decode(bytes[..<colon]),
            let secret = PercentEncoding.decode(bytes[(colon + 1)...])
        else { return nil }
        return (name, secret)
    }
}
