package import JOSE

/// Who a request says it comes from, and what it shows to prove it. Nothing is checked yet.
///
/// Spec: OAuth 2.1 §2.4
/// Spec: RFC 6749 §2.3.1
package enum PresentedClient: Sendable {
    /// A name alone.
    case none(ClientID)
    /// Name and secret in the Authorization header.
    case basic(ClientID, Secret)
    /// Name and secret in the form.
    case post(ClientID, Secret)

    /// Reads the Authorization header and the form; showing two proofs is refused.
    package init(_ parameters: Parameters, authorization: String?) throws(OAuthError) {
        guard !parameters.names(.clientAssertion), !parameters.names(.clientAssertionType) else {
            throw OAuthError(.invalidClient, "Authenticate by a method in this server's metadata; assertions are not.")
        }
        let named = try parameters.value(.clientID)
        let secret = try parameters.value(.clientSecret)
        if let authorization {
            self = try Self.basic(authorization, named: named, hasSecret: secret != nil)
            return
        }
        guard let named else {
            throw OAuthError(.invalidClient, "Send client_id, or authenticate by HTTP Basic.")
        }
        let client = try Self.client(named)
        self = secret.map { .post(client, Secret($0)) } ?? .none(client)
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

    private static func basic(
        _ header: String, named: String?, hasSecret: Bool
    ) throws(OAuthError) -> PresentedClient {
        guard !hasSecret else {
            throw OAuthError(.invalidRequest, "Authenticate in one way: by HTTP Basic or in the form.")
        }
        guard let (name, secret) = BasicCredentials.read(header) else {
            throw OAuthError(.invalidClient, "The Authorization header has to be HTTP Basic with id and secret.")
        }
        guard named == nil || named == name else {
            throw OAuthError(.invalidRequest, "The client_id in the form differs from the one in the header.")
        }
        return .basic(try client(name), Secret(secret))
    }

    private static func client(_ text: String) throws(OAuthError) -> ClientID {
        do {
            return try ClientID(text)
        } catch {
            throw OAuthError(.invalidClient, error)
        }
    }
}

/// Id and secret out of an HTTP Basic header, each of them form-encoded.
///
/// Spec: RFC 7617 §2
/// Spec: RFC 6749 §2.3.1
private enum BasicCredentials {
    static func read(_ header: String) -> (name: String, secret: String)? {
        guard header.utf8.count <= 4096, let blank = header.utf8.firstIndex(of: UInt8(ascii: " ")),
            header[..<blank].lowercased() == "basic", let bytes = decode(header.utf8[blank...]),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let name = PercentEncoding.decode(bytes[..<colon]),
            let secret = PercentEncoding.decode(bytes[(colon + 1)...])
        else { return nil }
        return (name, secret)
    }

    /// Plain base64 is base64url in two other letters and padding.
    private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        var letters = Array(text.drop { $0 == UInt8(ascii: " ") })
        guard letters.count % 4 == 0, !letters.contains(UInt8(ascii: "-")), !letters.contains(UInt8(ascii: "_")) else {
            return nil
        }
        let padding = letters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        letters.removeLast(padding)
        for index in letters.indices {
            switch letters[index] {
            case UInt8(ascii: "+"): letters[index] = UInt8(ascii: "-")
            case UInt8(ascii: "/"): letters[index] = UInt8(ascii: "_")
            default: break
            }
        }
        return Base64URL.decode(String(decoding: letters, as: UTF8.self), behind: 0)
    }
}
