import JOSE
package import OAuth
package import Outbound

/// What a client learns from an MCP server of which it knows only the URL: the challenge, and the metadata behind it.
///
/// Spec: RFC 9728 §5
package struct ProtectedResourceLookup: Sendable {
    /// The URL of the MCP server.
    package let server: RemoteURL
    private let client: OperatorClient

    /// A look-up at the MCP server with this URL.
    package init(_ address: String, by client: OperatorClient) throws(ClientFailure) {
        do throws(RemoteURLError) {
            server = try RemoteURL(operator: address)
        } catch {
            throw ClientFailure("\(address.prefix(200)) is not the URL of an MCP server: \(error).")
        }
        self.client = client
    }

    /// The answer to a request without a token, which a protected MCP server refuses with a challenge.
    package func knock() async throws(OutboundFailure) -> OutboundResponse {
        let request = StatelessRequest("tools/list", name: nil, [:])
        return try await client.post(
            server, body: request.message.bytes, contentType: "application/json", fields: request.fields)
    }

    /// Where the metadata can be, the likeliest place first: where the challenge says, then at the well-known paths.
    package func places(_ challenge: ReceivedChallenge?) -> [String] {
        if let named = challenge?["resource_metadata"] { return [named] }
        guard let identifier = try? ResourceIdentifier(server.string) else { return [] }
        let places = [
            ProtectedResourceMetadata.url(for: identifier),
            identifier.origin + "/.well-known/oauth-protected-resource",
        ]
        return places[0] == places[1] ? [places[0]] : places
    }

    /// The metadata document, and the place where it was found.
    package func metadata(
        _ challenge: ReceivedChallenge?
    ) async throws(ClientFailure) -> (place: String, metadata: ProtectedResourceMetadata) {
        var failure = ClientFailure("\(server) is no URL at which an MCP server can have metadata.")
        for place in places(challenge) {
            do throws(ClientFailure) {
                let document = try await object(at: place)
                do throws(OAuthValueError) {
                    return (place, try ProtectedResourceMetadata(json: document))
                } catch {
                    throw ClientFailure("The document at \(place) is no protected resource metadata: \(error.sentence)")
                }
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// The JSON object at a URL that the MCP server, or a document of it, names.
    func object(at place: String) async throws(ClientFailure) -> JSONObject {
        let url = try named(place)
        let response: OutboundResponse
        do throws(OutboundFailure) {
            response = try await client.get(url, fields: [("Accept", "application/json")])
        } catch {
            throw ClientFailure("Cannot read \(place): \(error).")
        }
        guard response.status == 200 else {
            throw ClientFailure("\(place) answers with status \(response.status) instead of a JSON document.")
        }
        guard let object = try? JSONObject(parsing: response.body) else {
            throw ClientFailure("The document at \(place) is not a JSON object.")
        }
        return object
    }

    /// A URL that the MCP server names. An MCP server on another machine cannot lead a client to a program on this one.
    package func named(_ address: String) throws(ClientFailure) -> RemoteURL {
        let url: RemoteURL
        do throws(RemoteURLError) {
            url = try RemoteURL(operator: address)
        } catch {
            throw ClientFailure("The MCP server names the URL \(address.prefix(200)), which cannot be used: \(error).")
        }
        guard !url.isLoopback || server.isLoopback else {
            throw ClientFailure(
                "The MCP server \(server) names \(address.prefix(200)), a program on this machine, which was not called."
            )
        }
        return url
    }
}
