import JOSE
import OAuth

/// What a person is to be asked. Make it from the call, before asking and again when the call comes back.
public struct ElicitationRequest: Sendable, Hashable {
    /// One sentence for the person, at most 500 characters.
    public let message: String
    /// For how many seconds the link is good, 60 to 3600; nil leaves it to the authorization server.
    public var expiresIn: Int64?
    /// A name for this request: whoever sends it again finds the same elicitation.
    public var idempotencyKey: String?

    let ask: any CollectableRequest

    /// Asks to approve one described action.
    public static func confirm(_ action: ElicitationAction, message: String) -> ElicitationRequest {
        ElicitationRequest(message: message, ask: ConfirmRequest(action.value))
    }

    /// Asks for values that neither the client nor the model may see. `schema` is the flat JSON Schema of an MCP form in
    /// UTF-8, with `"format": "password"` for what is hidden while it is typed.
    public static func secret(
        schema: [UInt8], message: String
    ) throws(InvalidElicitation) -> ElicitationRequest {
        guard let object = try? JSONObject(parsing: schema) else {
            throw InvalidElicitation("Give the schema as one JSON object, with no name twice.")
        }
        return try ElicitationRequest(SecretRequest.self, ["requested_schema": .object(object)], message)
    }

    /// Asks to connect an account at a provider, by the name that the authorization server's operator gave it. Without
    /// scopes it is all that this MCP server may have there.
    public static func connect(
        provider: String, scopes: [String] = [], message: String
    ) throws(InvalidElicitation) -> ElicitationRequest {
        var members: JSONObject = ["provider": .string(provider)]
        if !scopes.isEmpty { members["scope"] = .string(scopes.joined(separator: " ")) }
        return try ElicitationRequest(ConnectAccountRequest.self, members, message)
    }

    /// Asks to go on to a page of this MCP server's: an https URL without fragment, on a host that an operator listed.
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

    /// What kind of elicitation it is.
    var kind: ElicitationKind { type(of: ask).kind }

    /// The digest that the authorization server has to name, where both sides compute it.
    var sharedDigest: Digest? { type(of: ask).sharesDigest ? try? ask.digest(message: message) : nil }

    /// Two requests are equal when they ask the same in the same words.
    public static func == (one: Self, other: Self) -> Bool {
        one.message == other.message && one.expiresIn == other.expiresIn
            && one.idempotencyKey == other.idempotencyKey && AnyHashable(one.ask) == AnyHashable(other.ask)
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(message)
        hasher.combine(expiresIn)
        hasher.combine(idempotencyKey)
        hasher.combine(AnyHashable(ask))
    }

    /// The body for the authorization server.
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

/// Why something cannot be asked, as one sentence that says what to write instead.
public struct InvalidElicitation: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
