package import JOSE

/// Who a request says it comes from, and what it shows to prove it. Nothing is checked yet.
///
/// Spec: OAuth 2.1 §2.4
/// Spec: RFC 6749 §2.3.1
package enum PresentedClient: Sendable {
    /// A name alone. Whether that is enough is judged by how the client is registered.
    case none(ClientID)
    /// Name and secret in the Authorization header.
    case basic(ClientID, Secret)
    /// Name and secret in the form.
    case post(ClientID, Secret)

    /// Reads the Authorization header and the form; showing two proofs is refused.
    ///
    /// A header of a scheme that authenticates no client leaves the name in the form alone, and so does a secret that is
    /// empty. Neither can then stand beside a secret: whoever is held to one shows it in one way and sends nothing else.
    package init(_ parameters: Parameters, authorization: String?) throws(OAuthError) {
        guard try parameters.value(.clientAssertion) == nil, try parameters.value(.clientAssertionType) == nil else {
            throw OAuthError(.invalidClient, "Authenticate by a method in this server's metadata; assertions are not.")
        }
        let named = try parameters.value(.clientID)
        let secret = try parameters.value(.clientSecret)
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

    /// The same at an endpoint where clients ask, and not MCP servers.
    ///
    /// `DPoP` is the one other scheme that is not passed over: a client that sends it counts on tokens bound to its key, and
    /// would take bearer tokens for such.
    package init(ofClient parameters: Parameters, authorization: String?) throws(OAuthError) {
        if let authorization, AuthorizationHeader.isDPoP(authorization) {
            throw OAuthError(.invalidRequest, "Leave out the DPoP header: tokens here are bearer tokens.")
        }
        try self.init(parameters, authorization: authorization)
    }

    /// The method that the client uses.
    package var method: ClientAuthenticationMethod {
        switch self {
        case .none: .none
        case .basic: .clientSecretBasic
        case .post: .clientSecretPost
        }
    }

    /// The name.
    package var clientID: ClientID {
        switch self {
        case .none(let client), .basic(let client, _), .post(let client, _): client
        }
    }

    /// The secret, if one was shown.
    package var secret: Secret? {
        switch self {
        case .none: nil
        case .basic(_, let secret), .post(_, let secret): secret
        }
    }

    /// `hasSecret` tells that the form has a secret, be it empty: a client that has one means to send it, and an empty one
    /// beside the header says that its configuration is broken.
    private static func basic(
        _ header: String, named: String?, secret posted: String?, hasSecret: Bool
    ) throws(OAuthError) -> PresentedClient {
        guard let (name, secret) = BasicCredentials.read(header) else {
            throw OAuthError(.invalidClient, "The Authorization header has to be HTTP Basic with id and secret.")
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

/// What an Authorization header is, as far as clients authenticate by it.
///
/// Spec: RFC 9110 §11.6.2
private enum AuthorizationHeader {
    /// HTTP Basic, as it was sent.
    case basic(String)
    /// A scheme that authenticates no client here: an access token that a library sends everywhere, for one.
    case other

    init(_ text: String) {
        self = Self.scheme(of: text) == "basic" ? .basic(text) : .other
    }

    static func isDPoP(_ text: String) -> Bool { scheme(of: text) == "dpop" }

    private static func scheme(of text: String) -> String { text.prefix { $0 != " " }.lowercased() }
}

/// Id and secret out of an HTTP Basic header, each of them form-encoded.
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
