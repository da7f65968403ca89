import JOSE

/// What a person is to be asked.
public struct ElicitationRequest: Sendable, Hashable {
    /// One sentence for the person, at most 500 characters.
    public let message: String
    /// For how many seconds the link is good, 60 to 3600; nil leaves it to the authorization server.
    public var expiresIn: Int64?
    /// A name for this request: whoever sends it again finds the same elicitation.
    public var idempotencyKey: String?

    let members: JSONObject

    /// Asks to approve one described action.
    public static func confirm(_ action: ElicitationAction, message: String) -> ElicitationRequest {
        ElicitationRequest(message: message, members: ["kind": "confirm", "action": .object(action.object)])
    }

    private init(message: String, members: JSONObject) {
        self.message = message
        self.members = members
    }

    /// The body for the authorization server.
    func body(subjectToken: PresentedToken) -> [UInt8] {
        var object = members
        object["subject_token"] = .string(subjectToken.text)
        object["message"] = .string(message)
        object["expires_in"] = expiresIn.map(JSON.integer)
        object["idempotency_key"] = idempotencyKey.map(JSON.string)
        return object.bytes
    }
}
