import JOSE

/// One message from a client.
///
/// Spec: MCP 2025-11-25 §Messages
enum JSONRPCMessage: Equatable {
    case request(JSONRPCRequest)
    case notification(method: String)
    /// The response to a request of this server: a result, or the code of an error.
    case response(id: JSON, result: JSONObject?, errorCode: Int64? = nil)

    init(_ bytes: [UInt8]) throws(JSONRPCError) {
        let value: JSON
        do throws(JSONError) {
            value = try JSON.parse(bytes)
        } catch {
            throw JSONRPCError(.parseError, error.description)
        }
        guard let object = value.object else {
            throw JSONRPCError(.invalidRequest, "Send one message, as a JSON object.")
        }
        try self.init(object)
    }

    private init(_ object: JSONObject) throws(JSONRPCError) {
        guard object["jsonrpc"]?.string == "2.0" else {
            throw JSONRPCError(.invalidRequest, "The message lacks \"jsonrpc\": \"2.0\".")
        }
        guard let method = object["method"]?.string else {
            guard let id = object["id"], (object["result"] == nil) != (object["error"] == nil) else {
                throw JSONRPCError(.invalidRequest, "The message lacks a method.")
            }
            self = .response(
                id: id, result: object["result"]?.object, errorCode: object["error"]?.object?["code"]?.integer)
            return
        }
        guard object["params"].map({ $0.object != nil }) ?? true else {
            throw JSONRPCError(.invalidRequest, "The params must be an object.")
        }
        switch object["id"] {
        case nil: self = .notification(method: method)
        case .string, .integer:
            self = .request(
                JSONRPCRequest(id: object["id"] ?? .null, method: method, parameters: object["params"]?.object ?? [:]))
        default: throw JSONRPCError(.invalidRequest, "The id must be a string or an integer.")
        }
    }
}

/// A message that needs a response.
struct JSONRPCRequest: Equatable {
    let id: JSON
    let method: String
    let parameters: JSONObject
}
