import JOSE
import ResourceServer

/// What a server asks of the client itself in the middle of a call. The client shows it to its person, so what comes back is
/// the client's word, and nothing secret belongs in it.
///
/// Spec: MCP 2026-07-28 §Multi Round-Trip Requests
enum FormElicitation: Sendable {
    /// Fields that the call lacked: a flat JSON Schema.
    case form(message: String, schema: JSONObject)
    /// A text that the client's model writes and the client's person reviews.
    case sampling(prompt: String, system: String, maximumTokens: Int64)

    /// Which of them it is, by the name under which it is asked and answered.
    enum Kind: String, Sendable {
        case form, sampling

        /// What the client has to be able to do.
        var ability: ClientCapabilities { self == .form ? .forms : .sampling }

        /// The same in the words of the capabilities.
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

/// What a client brought back.
enum FormElicitationReply: Sendable {
    /// The person filled the form in.
    case accepted(JSONObject)
    case declined
    case cancelled
    /// The model wrote, and the person did this with it.
    case written(String, model: String?, Checkpoint.Review)
    /// The person did not want the model to be asked, or its text to be sent.
    case rejected
    /// The client could not do it, or answered something else.
    case unusable

    /// MCP has no word for what the person did with the model's text. A client can say it here; of one that says nothing no
    /// human act is claimed.
    static let reviewKey = "example.gatehouse/review"
    /// What clients answer for a person who rejects a sampling request.
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
