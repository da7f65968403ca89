import JOSE
import OAuth
import Outbound

/// What the authorization server says about itself, as far as a resource server needs it.
///
/// Spec: RFC 8414 §3.2
struct IssuerMetadata: Sendable {
    let introspectionEndpoint: String?
    let jwksURI: String?
    let tokenEndpoint: String?

    /// Where the metadata of an issuer is found.
    ///
    /// Spec: RFC 8414 §3.1
    static func location(of issuer: Issuer) -> String {
        issuer.origin + "/.well-known/oauth-authorization-server" + issuer.path
    }

    /// Reads the document; one that names another issuer, or endpoints elsewhere, is not believed.
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

    /// Credentials go to the issuer's own origin only, whatever a document says.
    private static func endpoint(
        _ name: String, in object: JSONObject, of issuer: Issuer
    ) throws(DocumentFailure) -> String? {
        guard let text = object[name]?.string else { return nil }
        guard let url = try? RemoteURL(operator: text), let home = try? RemoteURL(operator: issuer.string),
            url.origin == home.origin
        else { throw DocumentFailure("the \(name) of the authorization server lies outside its issuer's origin") }
        return text
    }
}
