import JOSE
import OAuth
import Outbound

/// The way to the one authorization server that is trusted: its metadata, and requests to its own origin.
struct AuthorizationServerConnection: Sendable {
    /// What the authorization server says about itself.
    let metadata: CachedDocument<IssuerMetadata>
    private let issuer: Issuer
    private let client: OperatorClient
    /// For questions that are answered when a person or a third party has acted; they keep their connections busy meanwhile.
    private let patientClient: OperatorClient

    init(issuer: Issuer, trustedAuthorities: [String], answerTimeout: Int64) throws(InvalidConfiguration) {
        let roots: TrustRoots
        do throws(TrustRootsError) {
            roots = try TrustRoots(additionalFiles: trustedAuthorities)
        } catch {
            throw InvalidConfiguration("\(error.file) is no readable file of PEM certificates: correct its path.")
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

    /// The issuer's keys, fetched from where its metadata says.
    func keySet(clock: @escaping @Sendable () -> Int64) -> CachedDocument<VerificationKeySet> {
        CachedDocument { [client, metadata] () throws(DocumentFailure) in
            guard let location = try await metadata.current(at: clock()).jwksURI else {
                throw DocumentFailure("the authorization server publishes no keys: verify by introspection instead")
            }
            let bytes = try await Self.document(at: location, by: client)
            guard let object = try? JSONObject(parsing: bytes), let set = try? JWKSet(json: object) else {
                throw DocumentFailure("the key set of the authorization server cannot be read")
            }
            return VerificationKeySet(set)
        }
    }

    /// Posts a question in the form of a form, for whose answer a third party may have to be asked.
    func post(
        _ form: String, to endpoint: String, authorization: String, isPatient: Bool = false
    ) async throws(DocumentFailure) -> OutboundResponse {
        let url = try Self.url(endpoint)
        do throws(OutboundFailure) {
            return try await (isPatient ? patientClient : client).post(
                url, body: Array(form.utf8), contentType: "application/x-www-form-urlencoded",
                fields: [("Authorization", authorization), ("Accept", "application/json")], repeatable: true)
        } catch {
            throw DocumentFailure("\(url.origin) could not be asked: \(error)")
        }
    }

    /// How a request of `send` goes.
    enum Verb: Sendable {
        case get
        /// Answered after up to 30 seconds.
        case await
        /// The same with a JSON body, which may be sent twice.
        case awaitPost([UInt8])
        case delete
        /// A JSON body; one that is repeatable may be sent twice when a connection breaks.
        case post([UInt8], repeatable: Bool)
    }

    /// Sends a request to a path of the issuer, as the holder of these credentials.
    func send(
        _ verb: Verb, _ path: String, as credentials: BasicCredentials
    ) async throws(DocumentFailure) -> OutboundResponse {
        let url = try Self.url(issuer.endpoint(path))
        let fields = [(name: "Authorization", value: credentials.field), (name: "Accept", value: "application/json")]
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
            throw DocumentFailure("\(url.origin) could not be asked: \(error)")
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
            throw DocumentFailure("\(url.origin) could not be asked: \(error)")
        }
        guard response.status == 200 else { throw DocumentFailure("\(location) answered \(response.status)") }
        return response.body
    }

    private static func url(_ text: String) throws(DocumentFailure) -> RemoteURL {
        do throws(RemoteURLError) {
            return try RemoteURL(operator: text)
        } catch {
            throw DocumentFailure("\(text) is no address to ask: \(error)")
        }
    }
}
