import JOSE
import ResourceServer

/// The answer to one message.
enum Answer {
    case result(id: JSON, JSONObject)
    /// The result of `initialize`, with the session identifier for later requests.
    case welcome(id: JSON, JSONObject, session: String)
    /// A stream of messages that ends with the result; nil stands for a keep-alive comment.
    case stream(AsyncStream<JSONObject?>)
    /// `id` is null when the message was too malformed to have one.
    case failure(id: JSON, JSONRPCError)
    /// A notification or a response, which gets no answer.
    case accepted
    /// The access token does not suffice: an HTTP status, not a JSON-RPC error.
    case refused(Refusal)
    /// The session identifier is invalid or another user's.
    case unknownSession

    /// The message for the wire, where there is one.
    var message: JSONObject? {
        switch self {
        case .result(let id, let result), .welcome(let id, let result, _):
            ["jsonrpc": "2.0", "id": id, "result": .object(result)]
        case .failure(let id, let error): ["jsonrpc": "2.0", "id": id, "error": error.json]
        case .accepted, .refused, .unknownSession, .stream: nil
        }
    }
}
