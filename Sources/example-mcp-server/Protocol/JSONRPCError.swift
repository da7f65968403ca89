import JOSE

/// What went wrong with a message, in the numbers of JSON-RPC and of MCP.
///
/// Spec: MCP 2026-07-28 §Errors
struct JSONRPCError: Error, Equatable {
    enum Code: Int64 {
        case parseError = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParameters = -32602
        case headerMismatch = -32020
        case missingClientCapability = -32021
        case unsupportedProtocolVersion = -32022
        /// Only until 2025-11-25; a 2026-07-28 client is never sent it.
        case linkRequired = -32042
    }

    let code: Code
    let message: String
    var data: JSON?

    init(_ code: Code, _ message: String, data: JSON? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// The HTTP status under 2026-07-28.
    var status: Int { code == .methodNotFound ? 404 : 400 }

    var json: JSON {
        var error: JSONObject = ["code": .integer(code.rawValue), "message": .string(message)]
        error["data"] = data
        return .object(error)
    }
}
