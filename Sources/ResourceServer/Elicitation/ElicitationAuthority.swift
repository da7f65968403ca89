import JOSE
import OAuth
import Outbound

/// The authorization server as this MCP server speaks to it in its own name: questions, answers, and what it signs.
struct ElicitationAuthority: Sendable {
    let issuer: Issuer
    let resource: ResourceIdentifier
    let signatures: IssuerSignatures
    let clock: @Sendable () -> Int64
    let allowedSkew: Int64
    let server: AuthorizationServerConnection
    let credentials: BasicCredentials

    init(
        _ configuration: ProtectedResourceConfiguration, clientID: String, clientSecret: String
    ) throws(InvalidConfiguration) {
        (issuer, resource) = try configuration.parties
        server = try AuthorizationServerConnection(
            issuer: issuer, trustedAuthorities: configuration.trustedAuthorities,
            answerTimeout: configuration.answerTimeout)
        credentials = try BasicCredentials(clientID: clientID, clientSecret: clientSecret)
        signatures = IssuerSignatures(keys: server.keySet(clock: configuration.clock))
        clock = configuration.clock
        allowedSkew = configuration.allowedClockSkew
    }

    /// The JSON object of a good answer; empty when there is nothing in it.
    func ask(
        _ verb: AuthorizationServerConnection.Verb, _ path: String
    ) async throws(ElicitationError) -> JSONObject {
        let response: OutboundResponse
        do throws(DocumentFailure) {
            response = try await server.send(verb, path, as: credentials)
        } catch {
            throw ElicitationError(error)
        }
        return try Self.object(of: response)
    }

    /// The same for a form at the token endpoint, which may have to ask a third party first.
    func exchange(_ form: String) async throws(ElicitationError) -> JSONObject {
        let response: OutboundResponse
        do throws(DocumentFailure) {
            guard let endpoint = try await server.metadata.current(at: clock()).tokenEndpoint else {
                throw DocumentFailure("it has no token endpoint")
            }
            response = try await server.post(form, to: endpoint, authorization: credentials.field, isPatient: true)
        } catch {
            throw ElicitationError(error)
        }
        return try Self.object(of: response)
    }

    private static func object(of response: OutboundResponse) throws(ElicitationError) -> JSONObject {
        guard (200..<300).contains(response.status) else {
            throw ElicitationError(
                status: response.status, body: response.body, retryAfter: response.values(of: "retry-after").first)
        }
        guard !response.body.isEmpty else { return [:] }
        guard let object = try? JSONObject(parsing: response.body) else {
            throw ElicitationError(.unavailable, "The authorization server answered no JSON object.")
        }
        return object
    }

    /// Whether a moment that the authorization server wrote lies ahead of our clock by more than clocks differ.
    func isAhead(_ moment: Int64) -> Bool { moment > clock() + max(allowedSkew, Self.datingTolerance) }

    /// Whether a moment that the authorization server wrote may lie before one of ours.
    func mayPrecede(_ moment: Int64, _ ours: Int64) -> Bool {
        moment <= ours + max(allowedSkew, Self.datingTolerance)
    }

    private static let datingTolerance: Int64 = 60
}
