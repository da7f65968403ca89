import Foundation
import JOSE
import OAuth
import Outbound
import Storage

/// The metadata of a provider, as far as a client needs it.
///
/// Spec: RFC 8414 §3.3
struct ProviderMetadata: Sendable {
    let authorizationEndpoint: String
    let tokenEndpoint: String
    let revocationEndpoint: String?
    /// Whether the provider announces the `iss` parameter, so that an answer without it is refused.
    let sendsIssuer: Bool
    /// The client authentication methods of the token endpoint; the specification's default if the document names none.
    let authMethods: [String]

    /// Reads a document, which must name the issuer that was asked.
    init(_ bytes: [UInt8], of issuer: String) throws(AdministrationError) {
        guard let json = try? JSONObject(parsing: bytes), let named = json["issuer"]?.string else {
            throw AdministrationError(.invalid, "The metadata of \(issuer) is not a JSON object with an issuer.")
        }
        guard named.utf8.elementsEqual(issuer.utf8) else {
            throw AdministrationError(
                .invalid, "The metadata of \(issuer) names another issuer; write the issuer exactly as it names itself."
            )
        }
        guard let authorization = json["authorization_endpoint"]?.string, let token = json["token_endpoint"]?.string
        else {
            throw AdministrationError(
                .invalid,
                "The metadata of \(issuer) lacks an endpoint; use --authorization-endpoint and --token-endpoint.")
        }
        if let methods = json["code_challenge_methods_supported"]?.strings, !methods.contains(CodeChallenge.method) {
            throw AdministrationError(
                .invalid, "\(issuer) does not support PKCE with S256, which Gatehouse requires.")
        }
        authorizationEndpoint = authorization
        tokenEndpoint = token
        revocationEndpoint = json["revocation_endpoint"]?.string
        sendsIssuer = json["authorization_response_iss_parameter_supported"]?.bool ?? false
        authMethods =
            json["token_endpoint_auth_methods_supported"]?.strings
            ?? [ProviderAuthentication.clientSecretBasic.rawValue]
    }

    /// The addresses where the document of an issuer may be, the likeliest first.
    ///
    /// Spec: RFC 8414 §3.1
    static func locations(of issuer: String) -> [String] {
        let trimmed = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let schemeEnd = trimmed.range(of: "://")?.upperBound ?? trimmed.startIndex
        let slash = trimmed[schemeEnd...].firstIndex(of: "/") ?? trimmed.endIndex
        let (origin, path) = (trimmed[..<slash], trimmed[slash...])
        var locations = [
            "\(origin)/.well-known/oauth-authorization-server\(path)",
            "\(origin)/.well-known/openid-configuration\(path)",
        ]
        if !path.isEmpty { locations.append("\(trimmed)/.well-known/openid-configuration") }
        return locations
    }
}
