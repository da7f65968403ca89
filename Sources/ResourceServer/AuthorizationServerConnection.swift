import JOSE
import OAuth
import Outbound

/// The connection to the trusted authorization server: its metadata, and requests to its own origin only.
struct AuthorizationServerConnection: Sendable {
    /// The authorization server's metadata, cached.
    let metadata: CachedDocument<IssuerMetadata>
    private let issuer: Issuer
    private let client: OperatorClient
    /// For long polls, whose connections are busy until a user or a third party has acted.
    private let patientClient: OperatorClient

    init(issuer: Issuer, trustedAuthorities: [String], answerTimeout: Int64) throws(InvalidConfiguration) {
        let roots: TrustRoots
        do throws(TrustRootsError) {
            roots = try TrustRoots(additionalFiles: trustedAuthorities)
        } catch {
            throw InvalidConfiguration("\(error.file) is not a readable file of PEM certificates. Correct the path.")
        }
        let client = OperatorClient(roots: roots, patience: answerTimeout, connections: 8)
        self.issuer = issuer
        self.client = client
        patientClient = OperatorClient(roots: roots, patience: 40, connections: 1024)
        metadata = CachedDocument { () throws(DocumentFailure) in
            let bytes = try await Self.document(at: IssuerMetadata.location(of: issuer), by: client)
            return try IssuerMetadata(bytes, of: issuer)
        }
    }

    /// The issuer's key set, fetched from the `jwks_uri` of its metadata and cached.
    func keySet(clock: @escaping @Sendable () -> Int64) -> CachedDocument<VerificationKeySet> {
        CachedDocument { [client, metadata] () throws(DocumentFailure) in
            guard let location = try await metadata.current(at: clock()).jwksURI else {
                throw DocumentFailure("the authorization server publishes no keys; use introspection instead")
            }
            let bytes = try await Self.document(at: location, by: client)
            guard let object = try? JSONObject(parsing: bytes), let set = try? JWKSet(json: object) else {
                throw DocumentFailure("the key set of the authorization server cannot be read")
            }
            return VerificationKeySet(set)
        }
    }

    /// Posts a form. One without `authorization` has its proof inside, which counts once, so it is never sent again. `isPatient` allows
    /// 40 seconds, for answers that a third party has to give first.
    func post(
        _ form: String, to endpoint: String, authorization: String?, isPatient: Bool = false
    ) async throws(DocumentFailure) -> OutboundResponse {
        let url = try Self.url(endpoint)
        let proof: [(name: String, value: String)] = authorization.map { [(name: "Authorization", value: $0)] } ?? []
        do throws(OutboundFailure) {
            return try await (isPatient ? patientClient : client).post(
                url, body: Array(form.utf8), contentType: "application/x-www-form-urlencoded",
                fields: [(name: "Accept", value: "application/json")] + proof,
                repeatable: authorization != nil)
        } catch {
            throw DocumentFailure("\(url.origin) could not be reached: \(error)")
        }
    }

    /// The method and retry policy of a request.
    enum Verb: Sendable {
        case get
        /// A long poll: the answer may take 30 seconds.
        case await
        /// A long poll with a JSON body, sent again if the connection breaks.
        case awaitPost([UInt8])
        case delete
        /// A POST with a JSON body; a repeatable one is sent again if the connection breaks.
        case post([UInt8], repeatable: Bool)

        /// Whether a second request has no other effect than one.
        var isRepeatable: Bool {
            if case .post(_, let repeatable) = self { repeatable } else { true }
        }
    }

    /// Sends an authenticated request to a path below the issuer.
    func send(
        _ verb: Verb, _ path: String, as credentials: ServerCredentials, now: Int64
    ) async throws(DocumentFailure) -> OutboundResponse {
        let url = try Self.url(issuer.endpoint(path))
        return try await credentials.response(from: self, now: now, isRepeatable: verb.isRepeatable) {
            field throws(DocumentFailure) in
            try await send(verb, to: url, authorization: field)
        }
    }

    private func send(
        _ verb: Verb, to url: RemoteURL, authorization field: String
    ) async throws(DocumentFailure) -> OutboundResponse {
        let fields = [(name: "Authorization", value: field), (name: "Accept", value: "application/json")]
        do throws(OutboundFailure) {
            return switch verb {
            case .get: try await client.get(url, fields: fields)
            case .await: try await patientClient.get(url, fields: fields)
            case .awaitPost(let body):
                try await patientClient.post(
                    url, body: body, contentType: "application/json", fields: fields, repeatable: true)
            case .delete: try await client.delete(url, fields: fields)
            case .post(let body, let repeatable):
                try await client.post(
                    url, body: body, contentType: "application/json", fields: fields, repeatable: repeatable)
            }
        } catch {
            throw DocumentFailure("\(url.origin) could not be reached: \(error)")
        }
    }

    private static func document(at location: String, by client: OperatorClient) async throws(DocumentFailure)
        -> [UInt8]
    {
        let url = try url(location)
        let response: OutboundResponse
        do throws(OutboundFailure) {
            response = try await client.get(url, fields: [("Accept", "application/json")])
        } catch {
            throw DocumentFailure("\(url.origin) could not be reached: \(error)")
        }
        guard response.status == 200 else { throw DocumentFailure("\(location) answered \(response.status)") }
        return response.body
    }

    private static func url(_ text: String) throws(DocumentFailure) -> RemoteURL {
        do throws(RemoteURLError) {
            return try RemoteURL(operator: text)
        } catch {
            throw DocumentFailure("\(text) is not a usable URL: \(error)")
        }
    }
}
