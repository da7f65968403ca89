import JOSE

/// The private key of an MCP server that authenticates by `private_key_jwt` instead of a client secret.
public struct ServerPrivateKey: Sendable {
    let key: SigningKey

    /// Reads a P-256 key in PEM (PKCS #8), as `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it.
    public init(pem: String, passphrase: String? = nil) throws(InvalidConfiguration) {
        do throws(KeyError) {
            key = try SigningKey(pem: Array(pem.utf8), passphrase: passphrase.map { Secret($0) })
        } catch {
            throw InvalidConfiguration("\(error)")
        }
    }

    /// The public half as a JWK set in JSON, for `gatehouse resources add --jwks` or for a URL.
    public var publicKeySet: String { JSON.object(JWKSet([key.jwk]).json).text }
}

extension ServerPrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name of the public half.
    public var description: String { "private key \(key.kid)" }
    /// The same as `description`.
    public var debugDescription: String { description }
    /// A mirror without children, so that `dump` finds no key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
