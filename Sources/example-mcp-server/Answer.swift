import JOSE
import ResourceServer

/// What a message comes to.
enum Answer {
    case result(id: JSON, JSONObject)
    /// `id` is null when the message was too broken to have one.
    case failure(id: JSON, JSONRPCError)
    /// Nothing is owed to a notification.
    case accepted
    /// The token does not suffice, which HTTP says and not JSON-RPC.
    case refused(Refusal)

    /// The message for the wire, where there is one.
    var message: JSONObject? {
        switch self {
        case .result(let id, let result): ["jsonrpc": "2.0", "id": id, "result": .object(result)]
        case .failure(let id, let error): ["jsonrpc": "2.0", "id": id, "error": error.json]
        case .accepted, .refused: nil
        }
    }
}
