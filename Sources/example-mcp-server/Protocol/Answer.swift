import JOSE
import ResourceServer

/// What a message comes to.
enum Answer {
    case result(id: JSON, JSONObject)
    /// The result of the handshake, and the session identifier to bring along from now on.
    case welcome(id: JSON, JSONObject, session: String)
    /// Messages that come one after another, the result last; nil where there is nothing to say but that we are here.
    case stream(AsyncStream<JSONObject?>)
    /// `id` is null when the message was too broken to have one.
    case failure(id: JSON, JSONRPCError)
    /// Nothing is owed to a notification.
    case accepted
    /// The token does not suffice, which HTTP says and not JSON-RPC.
    case refused(Refusal)
    /// The session identifier is none of ours, or another person's.
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
