import JOSE
import ResourceServer

/// A request to the client in the middle of a call. The client shows it to its user, so the reply is only the client's
/// claim, and no secret belongs in it.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
enum FormElicitation: Sendable {
    /// Asks for missing arguments by a flat JSON Schema.
    case form(message: String, schema: JSONObject)
    /// Asks for a text that the client's model writes and its user reviews.
    case sampling(prompt: String, system: String, maximumTokens: Int64)

    /// The kind of request; the raw value names it in `inputRequests` and `inputResponses`.
    enum Kind: String, Sendable {
        case form, sampling

        /// The capability that the client needs.
        var ability: ClientCapabilities { self == .form ? .forms : .sampling }

        /// That capability as MCP spells it.
        var capabilities: JSON { self == .form ? ["elicitation": ["form": [:]]] : ["sampling": [:]] }
    }

    var kind: Kind {
        switch self {
        case .form: .form
        case .sampling: .sampling
        }
    }

    var method: String {
        switch self {
        case .form: "elicitation/create"
        case .sampling: "sampling/createMessage"
        }
    }

    var parameters: JSON {
        switch self {
        case .form(let message, let schema):
            ["mode": "form", "message": .string(message), "requestedSchema": .object(schema)]
        case .sampling(let prompt, let system, let maximumTokens):
            [
                "messages": [["role": "user", "content": ["type": "text", "text": .string(prompt)]]],
                "systemPrompt": .string(system), "maxTokens": .integer(maximumTokens), "includeContext": "none",
            ]
        }
    }
}

/// A client's reply.
enum FormElicitationReply: Sendable {
    /// The user filled in the form.
    case accepted(JSONObject)
    case declined
    case cancelled
    /// The model wrote a text and the user reviewed it.
    case written(String, model: String?, Checkpoint.Review)
    /// The user rejected the sampling request or its text.
    case rejected
    /// The client failed or replied with something else.
    case unusable

    /// MCP has no member for the review of the model's text. A client can report it under this key; without a report no human
    /// act is recorded.
    static let reviewKey = "example.gatehouse/review"
    /// The error code of a sampling request that the user rejected.
    private static let rejection: Int64 = -1

    init(_ kind: FormElicitation.Kind, _ result: JSONObject?, errorCode: Int64? = nil) {
        guard let result else {
            self = kind == .sampling && errorCode == Self.rejection ? .rejected : .unusable
            return
        }
        self =
            switch kind {
            case .form: Self.form(result)
            case .sampling: Self.sampling(result)
            }
    }

    private static func form(_ result: JSONObject) -> FormElicitationReply {
        switch result["action"]?.string.flatMap(ClientAnswer.init) {
        case .accept: .accepted(result["content"]?.object ?? [:])
        case .decline: .declined
        case .cancel: .cancelled
        case nil: .unusable
        }
    }

    private static func sampling(_ result: JSONObject) -> FormElicitationReply {
        let word = result["_meta"]?.object?[reviewKey]
        guard let review = word.map({ $0.string.flatMap(Checkpoint.Review.init) }) ?? .approved else {
            return .unusable
        }
        guard review != .rejected else { return .rejected }
        guard result["role"] == "assistant", let content = result["content"]?.object, content["type"] == "text",
            let text = content["text"]?.string, !text.isEmpty
        else { return .unusable }
        return .written(text, model: result["model"]?.string, review)
    }
}
