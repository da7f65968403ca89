import JOSE
import OAuth
import Outbound

/// How this MCP server authenticates at the authorization server.
enum ServerCredentials: Sendable {
    /// By its id and secret, in each request.
    case secret(BasicCredentials)
    /// By its key, for which it gets a token.
    case key(KeyCredentials)

    /// What the authorization server checks, as a part of a sentence.
    var noun: String {
        switch self {
        case .secret: "client id and secret"
        case .key: "client id and key"
        }
    }

    /// The value of the `Authorization` header field at every endpoint but the token endpoint.
    func field(at server: AuthorizationServerConnection, now: Int64) async throws(DocumentFailure) -> String {
        switch self {
        case .secret(let credentials): credentials.field
        case .key(let credentials): try await credentials.field(at: server, now: now)
        }
    }

    /// The response to a request that `send` sends with the header field. A refused token is forgotten, and a request that
    /// `isRepeatable` is sent once more with a new one: when its signing keys are replaced, the authorization server refuses tokens
    /// that have not expired.
    func response(
        from server: AuthorizationServerConnection, now: Int64, isRepeatable: Bool,
        to send: (_ field: String) async throws(DocumentFailure) -> OutboundResponse
    ) async throws(DocumentFailure) -> OutboundResponse {
        let field = try await field(at: server, now: now)
        let response = try await send(field)
        guard response.status == 401, case .key(let credentials) = self else { return response }
        await credentials.forget(field)
        guard isRepeatable else { return response }
        let renewed: String
        do throws(DocumentFailure) {
            renewed = try await self.field(at: server, now: now)
        } catch {
            // The refusal tells more than the failure to get another token.
            return response
        }
        return try await send(renewed)
    }

    /// A form for the token endpoint with the proof that belongs into it, and the `Authorization` header field beside it, if any.
    func proven(_ form: String, now: Int64) throws(DocumentFailure) -> (form: String, authorization: String?) {
        switch self {
        case .secret(let credentials): (form, credentials.field)
        case .key(let credentials): (form + "&" + (try credentials.assertion(now: now)), nil)
        }
    }
}

/// The key of this MCP server, and the token that it gets for it.
///
/// Spec: RFC 7523 §2.2
actor KeyCredentials {
    private typealias Token = (field: String, expiresAt: Int64)

    /// How many seconds before its end a token is replaced.
    private static let margin: Int64 = 60

    private let clientID: String
    private let issuer: Issuer
    private let key: SigningKey
    private var token: Token?
    private var request: Task<Result<Token, DocumentFailure>, Never>?

    init(clientID: String, issuer: Issuer, privateKey: ServerPrivateKey) throws(InvalidConfiguration) {
        guard !clientID.isEmpty else {
            throw InvalidConfiguration("Give the client id that `gatehouse resources add` printed for this MCP server.")
        }
        self.clientID = clientID
        self.issuer = issuer
        key = privateKey.key
    }

    /// The header field with a live token. Simultaneous calls share one request for a new one.
    func field(at server: AuthorizationServerConnection, now: Int64) async throws(DocumentFailure) -> String {
        if let token, now < token.expiresAt - Self.margin { return token.field }
        let running = request ?? Task { await Self.requested(by: self, at: server, now: now) }
        request = running
        let result = await running.value
        if request == running { request = nil }
        let fresh = try result.get()
        token = fresh
        return fresh.field
    }

    /// Forgets the token of this header field. Another one, which a simultaneous request got meanwhile, stays.
    func forget(_ field: String) {
        if token?.field == field { token = nil }
    }

    /// The form parameters of a new assertion, valid for one minute.
    nonisolated func assertion(now: Int64) throws(DocumentFailure) -> String {
        let claims: JSONObject = [
            "iss": .string(clientID), "sub": .string(clientID), "aud": .string(issuer.string),
            "jti": .string(Random.token(16)), "iat": .integer(now), "exp": .integer(now + 60),
        ]
        do throws(KeyError) {
            let assertion = try JWT.sign(typ: "client-authentication+jwt", claims: claims, with: key)
            return "client_assertion_type=\(PercentEncoding.encode(ClientAssertion.type))&client_assertion=\(assertion)"
        } catch {
            throw DocumentFailure("the private key of this MCP server cannot sign: \(error)")
        }
    }

    private static func requested(
        by credentials: KeyCredentials, at server: AuthorizationServerConnection, now: Int64
    ) async -> Result<Token, DocumentFailure> {
        do throws(DocumentFailure) {
            guard let endpoint = try await server.metadata.current(at: now).tokenEndpoint else {
                throw DocumentFailure("the authorization server has no token endpoint")
            }
            let form = "grant_type=client_credentials&" + (try credentials.assertion(now: now))
            let response = try await server.post(form, to: endpoint, authorization: nil)
            guard response.status == 200 else {
                throw DocumentFailure(
                    "the authorization server rejects the key of this MCP server (\(response.status))")
            }
            guard let object = try? JSONObject(parsing: response.body), let token = object["access_token"]?.string
            else {
                throw DocumentFailure("the token response is not a JSON object with an access_token")
            }
            return .success(("Bearer " + token, now + (object["expires_in"]?.integer ?? 0)))
        } catch {
            return .failure(error)
        }
    }
}
