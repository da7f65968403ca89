import JOSE
import ResourceServer

/// MCP as it was until 2025-11-25: a client introduces itself once; this server keeps nothing of it.
///
/// Spec: MCP 2025-11-25 §Lifecycle
struct HandshakeProtocol {
    /// The newest first.
    static let versions = ["2025-11-25", "2025-06-18"]

    let tools: Toolbox

    func answer(_ message: JSONRPCMessage, _ access: Access) async -> Answer {
        guard case .request(let request) = message else { return .accepted }
        switch request.method {
        case "initialize": return .result(id: request.id, introduction(to: request))
        case "ping": return .result(id: request.id, [:])
        case "tools/list": return .result(id: request.id, ["tools": tools.json])
        case "tools/call": return await tools.answer(request, access)
        default: return .failure(id: request.id, JSONRPCError(.methodNotFound, "There is no such method."))
        }
    }

    /// The client's version where it is spoken here, else the newest, which the client may decline.
    private func introduction(to request: JSONRPCRequest) -> JSONObject {
        let version = request.parameters["protocolVersion"]?.string
        let agreed = version.flatMap { Self.versions.contains($0) ? $0 : nil } ?? Self.versions[0]
        var result = Server.introduction
        result["protocolVersion"] = .string(agreed)
        result["serverInfo"] = .object(Server.information)
        return result
    }
}
