import JOSE

/// An error with the code of JSON-RPC or MCP.
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
        /// Up to 2025-11-25 only; never sent to a 2026-07-28 client.
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
