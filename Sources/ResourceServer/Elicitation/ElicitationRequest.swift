import JOSE
import OAuth

/// A request to a user. Make it from the call alone, so that a retried call makes an equal request.
public struct ElicitationRequest: Sendable, Hashable {
    /// One sentence for the user, at most 500 characters.
    public let message: String
    /// Seconds until the link expires, 60 to 3600; nil for the authorization server's default.
    public var expiresIn: Int64?
    /// An identifier for this request: a repeated request returns the same elicitation.
    public var idempotencyKey: String?

    let ask: any CollectableRequest

    /// Requests approval of one action.
    public static func confirm(_ action: ElicitationAction, message: String) -> ElicitationRequest {
        ElicitationRequest(message: message, ask: ConfirmRequest(action.value))
    }

    /// Requests values that neither the client nor the model may see. `schema` is the flat JSON Schema of an MCP form in UTF-8;
    /// `"format": "password"` hides a field while the user types.
    public static func secret(
        schema: [UInt8], message: String
    ) throws(InvalidElicitation) -> ElicitationRequest {
        guard let object = try? JSONObject(parsing: schema) else {
            throw InvalidElicitation("The schema must be one JSON object without duplicate names.")
        }
        return try ElicitationRequest(SecretRequest.self, ["requested_schema": .object(object)], message)
    }

    /// Requests that the user connects an account at a provider, named as at the authorization server. Without scopes it
    /// requests every scope that this MCP server may have there.
    public static func connect(
        provider: String, scopes: [String] = [], message: String
    ) throws(InvalidElicitation) -> ElicitationRequest {
        var members: JSONObject = ["provider": .string(provider)]
        if !scopes.isEmpty { members["scope"] = .string(scopes.joined(separator: " ")) }
        return try ElicitationRequest(ConnectAccountRequest.self, members, message)
    }

    /// Sends the user to a page of this MCP server: an https URL without fragment, on a host that an operator permitted.
    public static func external(url: String, message: String) throws(InvalidElicitation) -> ElicitationRequest {
        try ElicitationRequest(ExternalRequest.self, ["url": .string(url)], message)
    }

    private init(message: String, ask: any CollectableRequest) {
        self.message = message
        self.ask = ask
    }

    private init(
        _ kind: any CollectableRequest.Type, _ members: JSONObject, _ message: String
    ) throws(InvalidElicitation) {
        do throws(OAuthError) {
            self.init(message: message, ask: try kind.init(json: members))
        } catch {
            throw InvalidElicitation(error.description)
        }
    }

    /// The kind of elicitation.
    var kind: ElicitationKind { type(of: ask).kind }

    /// The digest that the authorization server has to return; nil for kinds without one.
    var sharedDigest: Digest? { type(of: ask).sharesDigest ? try? ask.digest(message: message) : nil }

    /// Whether both requests ask for the same with the same message.
    public static func == (one: Self, other: Self) -> Bool {
        one.message == other.message && one.expiresIn == other.expiresIn
            && one.idempotencyKey == other.idempotencyKey && AnyHashable(one.ask) == AnyHashable(other.ask)
    }

    /// Hashes the compared members.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(message)
        hasher.combine(expiresIn)
        hasher.combine(idempotencyKey)
        hasher.combine(AnyHashable(ask))
    }

    /// The JSON body for the authorization server.
    func body(subjectToken: PresentedToken) -> [UInt8] {
        var object = ask.json
        object["kind"] = .string(kind.rawValue)
        object["subject_token"] = .string(subjectToken.text)
        object["message"] = .string(message)
        object["expires_in"] = expiresIn.map(JSON.integer)
        object["idempotency_key"] = idempotencyKey.map(JSON.string)
        return object.bytes
    }
}

/// An invalid elicitation request.
public struct InvalidElicitation: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence that says what to change.
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
