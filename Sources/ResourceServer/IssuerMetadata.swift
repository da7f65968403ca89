import JOSE
import OAuth
import Outbound

/// The members of the authorization server's metadata that a resource server needs.
///
/// Spec: RFC 8414 §3.2
struct IssuerMetadata: Sendable {
    let introspectionEndpoint: String?
    let jwksURI: String?
    let tokenEndpoint: String?

    /// The URL of an issuer's metadata.
    ///
    /// Spec: RFC 8414 §3.1
    static func location(of issuer: Issuer) -> String {
        issuer.origin + "/.well-known/oauth-authorization-server" + issuer.path
    }

    /// Parses the document; rejects one for another issuer or with endpoints on another origin.
    init(_ bytes: [UInt8], of issuer: Issuer) throws(DocumentFailure) {
        guard let object = try? JSONObject(parsing: bytes) else {
            throw DocumentFailure("the authorization server's metadata is not a JSON object")
        }
        guard object["issuer"]?.string == issuer.string else {
            throw DocumentFailure("the metadata at \(Self.location(of: issuer)) names another issuer")
        }
        introspectionEndpoint = try Self.endpoint("introspection_endpoint", in: object, of: issuer)
        jwksURI = try Self.endpoint("jwks_uri", in: object, of: issuer)
        tokenEndpoint = try Self.endpoint("token_endpoint", in: object, of: issuer)
    }

    /// Rejects endpoints on other origins: credentials are sent to the issuer's origin only.
    private static func endpoint(
        _ name: String, in object: JSONObject, of issuer: Issuer
    ) throws(DocumentFailure) -> String? {
        guard let text = object[name]?.string else { return nil }
        guard let url = try? RemoteURL(operator: text), let home = try? RemoteURL(operator: issuer.string),
            url.origin == home.origin
        else { throw DocumentFailure("the \(name) of the authorization server is outside its issuer's origin") }
        return text
    }
}
