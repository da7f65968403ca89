import JOSE
import OAuth
import Outbound

/// The metadata that a client discovers when it knows only the URL of an MCP server.
///
/// Spec: MCP 2026-07-28 §Authorization Server Discovery
struct Discovery {
    let resource: ProtectedResourceMetadata
    let issuer: Issuer
    let authorizationEndpoint: String
    let tokenEndpoint: String
    let takesMetadataDocuments: Bool
    /// The address at which clients register themselves; nil where they may not.
    let registrationEndpoint: String?

    /// Follows the `resource_metadata` of a 401 to the authorization server and reads its metadata.
    static func follow(_ challenge: ChallengeText, of server: String, by client: OperatorClient) async throws
        -> Discovery
    {
        guard let location = challenge["resource_metadata"] else {
            throw StoryFailure(expected: "a challenge with resource_metadata", found: "it is \(challenge.text)")
        }
        let resource = try ProtectedResourceMetadata(json: try await object(at: location, by: client))
        guard resource.resource == server, let name = resource.authorizationServers.first else {
            throw StoryFailure(expected: "metadata of \(server)", found: "it is for \(resource.resource)")
        }
        let issuer = try Issuer(name)
        let place = issuer.origin + "/.well-known/oauth-authorization-server" + issuer.path
        let metadata = try await object(at: place, by: client)
        guard metadata["issuer"]?.string == issuer.string else {
            throw StoryFailure(expected: "metadata of \(issuer)", found: "it names another issuer")
        }
        guard let authorize = metadata["authorization_endpoint"]?.string,
            let token = metadata["token_endpoint"]?.string
        else { throw StoryFailure(expected: "an authorization and a token endpoint", found: "\(place) lacks one") }
        return Discovery(
            resource: resource, issuer: issuer, authorizationEndpoint: authorize, tokenEndpoint: token,
            takesMetadataDocuments: metadata["client_id_metadata_document_supported"]?.bool == true,
            registrationEndpoint: metadata["registration_endpoint"]?.string)
    }

    private static func object(at location: String, by client: OperatorClient) async throws -> JSONObject {
        let response = try await client.get(try RemoteURL(operator: location))
        guard response.status == 200, let object = try? JSONObject(parsing: response.body) else {
            throw StoryFailure(expected: "a JSON document at \(location)", found: "the status was \(response.status)")
        }
        return object
    }
}

/// The parameters of a `WWW-Authenticate: Bearer` field.
struct ChallengeText {
    let text: String

    subscript(name: String) -> String? {
        text.split(separator: " \(name)=\"").dropFirst().first.map { String($0.prefix { $0 != "\"" }) }
    }
}
