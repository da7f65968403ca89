import Foundation
import JOSE
import OAuth
import Outbound
import Storage

/// What a provider publishes about itself, as far as a client of it needs that.
///
/// Spec: RFC 8414 §3.3
struct ProviderMetadata: Sendable {
    let authorizationEndpoint: String
    let tokenEndpoint: String
    let revocationEndpoint: String?
    /// Whether it says who answers, so that an answer that does not is none.
    let sendsIssuer: Bool
    /// How clients may prove themselves; the default of the specification where it says nothing.
    let authMethods: [String]

    /// Reads a document, which has to name the issuer that was asked.
    init(_ bytes: [UInt8], of issuer: String) throws(AdministrationError) {
        guard let json = try? JSONObject(parsing: bytes), let named = json["issuer"]?.string else {
            throw AdministrationError(.invalid, "The metadata of \(issuer) is no JSON object with an issuer.")
        }
        guard named.utf8.elementsEqual(issuer.utf8) else {
            throw AdministrationError(
                .invalid, "The metadata of \(issuer) is of another issuer; write the issuer exactly as it names itself."
            )
        }
        guard let authorization = json["authorization_endpoint"]?.string, let token = json["token_endpoint"]?.string
        else {
            throw AdministrationError(
                .invalid,
                "The metadata of \(issuer) lacks an endpoint; say --authorization-endpoint and --token-endpoint.")
        }
        if let methods = json["code_challenge_methods_supported"]?.strings, !methods.contains(CodeChallenge.method) {
            throw AdministrationError(
                .invalid, "\(issuer) does not support PKCE with S256, which Gatehouse insists on.")
        }
        authorizationEndpoint = authorization
        tokenEndpoint = token
        revocationEndpoint = json["revocation_endpoint"]?.string
        sendsIssuer = json["authorization_response_iss_parameter_supported"]?.bool ?? false
        authMethods =
            json["token_endpoint_auth_methods_supported"]?.strings
            ?? [ProviderAuthentication.clientSecretBasic.rawValue]
    }

    /// Where the document of an issuer may lie, the likeliest first.
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

extension ProviderClient {
    /// Asks an issuer what it publishes, for an operator who names it.
    func discover(_ issuer: String) async throws(AdministrationError) -> ProviderMetadata {
        var problem = "nothing was asked"
        for location in ProviderMetadata.locations(of: issuer) {
            do {
                let response = try await outbound.get(
                    RemoteURL(operator: location), fields: [("Accept", "application/json")])
                guard response.status == 200 else {
                    problem = "\(location) answered \(response.status)"
                    continue
                }
                return try ProviderMetadata(response.body, of: issuer)
            } catch let error as AdministrationError {
                throw error
            } catch {
                throw AdministrationError(
                    .invalid, "\(location) could not be asked: \(error); or say the endpoints yourself.")
            }
        }
        throw AdministrationError(
            .invalid, "The issuer publishes no metadata: \(problem); or say the endpoints yourself.")
    }
}
