package import JOSE
package import OAuth
import Outbound

/// The metadata of an MCP server and of its authorization server, found from the URL of the MCP server alone.
///
/// Spec: MCP 2026-07-28 §Authorization Server Discovery
package struct Discovery: Sendable {
    /// The metadata of the MCP server.
    package let resource: ProtectedResourceMetadata
    /// The issuer of the authorization server.
    package let issuer: Issuer
    /// Where browsers begin.
    package let authorizationEndpoint: String
    /// Where codes become tokens.
    package let tokenEndpoint: String
    /// Whether a client id may be the URL of a metadata document.
    package let takesMetadataDocuments: Bool
    /// Where clients register themselves; nil where they may not.
    package let registrationEndpoint: String?
    /// Every member of the authorization server's metadata.
    package let metadata: JSONObject

    /// Follows the challenge of an MCP server to its authorization server. Every document must name what led to it.
    package static func follow(
        _ challenge: ReceivedChallenge?, from lookup: ProtectedResourceLookup
    ) async throws(ClientFailure) -> Discovery {
        let (place, resource) = try await lookup.metadata(challenge)
        guard resource.resource == lookup.server.string else {
            throw ClientFailure(
                "The metadata at \(place) is for \(resource.resource), not for \(lookup.server). Use the URL that it names, "
                    + "or correct 'resource' there.")
        }
        guard let name = resource.authorizationServers.first else {
            throw ClientFailure("The metadata at \(place) names no authorization server.")
        }
        return try await read(name, of: resource, by: lookup)
    }

    private static func read(
        _ name: String, of resource: ProtectedResourceMetadata, by lookup: ProtectedResourceLookup
    ) async throws(ClientFailure) -> Discovery {
        let issuer: Issuer
        do throws(OAuthValueError) {
            issuer = try Issuer(name)
        } catch {
            throw ClientFailure(
                "The MCP server names the authorization server '\(name.prefix(200))'. \(error.sentence)")
        }
        let (place, metadata) = try await document(of: issuer, by: lookup)
        guard metadata["issuer"]?.string == issuer.string else {
            throw ClientFailure("The metadata at \(place) does not name the issuer \(issuer), so it is not used.")
        }
        guard let authorize = metadata["authorization_endpoint"]?.string,
            let token = metadata["token_endpoint"]?.string
        else { throw ClientFailure("The metadata at \(place) lacks the authorization or the token endpoint.") }
        return Discovery(
            resource: resource, issuer: issuer, authorizationEndpoint: authorize, tokenEndpoint: token,
            takesMetadataDocuments: metadata["client_id_metadata_document_supported"]?.bool == true,
            registrationEndpoint: metadata["registration_endpoint"]?.string, metadata: metadata)
    }

    /// The metadata of an authorization server, at the first of the well-known places that has it.
    ///
    /// Spec: RFC 8414 §3.1
    private static func document(
        of issuer: Issuer, by lookup: ProtectedResourceLookup
    ) async throws(ClientFailure) -> (place: String, document: JSONObject) {
        let place = issuer.origin + "/.well-known/oauth-authorization-server" + issuer.path
        do throws(ClientFailure) {
            return (place, try await lookup.object(at: place))
        } catch {
            let others = [
                issuer.origin + "/.well-known/openid-configuration" + issuer.path,
                issuer.string + "/.well-known/openid-configuration",
            ]
            for other in others {
                if let document = try? await lookup.object(at: other) { return (other, document) }
            }
            throw error
        }
    }
}
