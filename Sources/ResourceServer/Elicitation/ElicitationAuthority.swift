import JOSE
import OAuth
import Outbound

/// The authorization server's endpoints for this MCP server, called with its own credentials, and its signatures.
struct ElicitationAuthority: Sendable {
    let issuer: Issuer
    let resource: ResourceIdentifier
    let signatures: IssuerSignatures
    let clock: @Sendable () -> Int64
    let allowedSkew: Int64
    let server: AuthorizationServerConnection
    let credentials: ServerCredentials

    init(
        _ configuration: ProtectedResourceConfiguration, credentials: ServerCredentials
    ) throws(InvalidConfiguration) {
        (issuer, resource) = try configuration.parties
        server = try AuthorizationServerConnection(
            issuer: issuer, trustedAuthorities: configuration.trustedAuthorities,
            answerTimeout: configuration.answerTimeout)
        self.credentials = credentials
        signatures = IssuerSignatures(keys: server.keySet(clock: configuration.clock))
        clock = configuration.clock
        allowedSkew = configuration.allowedClockSkew
    }

    /// Sends a request and returns the JSON object of the successful response; empty without a body.
    func ask(
        _ verb: AuthorizationServerConnection.Verb, _ path: String
    ) async throws(ElicitationError) -> JSONObject {
        let response: OutboundResponse
        do throws(DocumentFailure) {
            response = try await server.send(verb, path, as: credentials, now: clock())
        } catch {
            throw ElicitationError(error)
        }
        return try Self.object(of: response)
    }

    /// Posts a form to the token endpoint, which may call a third party first.
    func exchange(_ form: String) async throws(ElicitationError) -> JSONObject {
        let response: OutboundResponse
        do throws(DocumentFailure) {
            guard let endpoint = try await server.metadata.current(at: clock()).tokenEndpoint else {
                throw DocumentFailure("it has no token endpoint")
            }
            let (form, authorization) = try credentials.proven(form, now: clock())
            response = try await server.post(form, to: endpoint, authorization: authorization, isPatient: true)
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
            throw ElicitationError(.unavailable, "The authorization server's response is not a JSON object.")
        }
        return object
    }

    /// Whether a time of the authorization server lies further ahead of the local clock than the tolerance.
    func isAhead(_ moment: Int64) -> Bool { moment > clock() + max(allowedSkew, Self.datingTolerance) }

    /// Whether a time of the authorization server may lie before a local one, given the tolerance.
    func mayPrecede(_ moment: Int64, _ ours: Int64) -> Bool {
        moment <= ours + max(allowedSkew, Self.datingTolerance)
    }

    /// Seconds of tolerated clock difference, even if the configuration permits none.
    private static let datingTolerance: Int64 = 60
}
