import JOSE
import ResourceServer

/// MCP as it is since 2026-07-28: every request brings along what a server has to know, and no session exists.
///
/// Spec: MCP 2026-07-28 §Lifecycle
struct StatelessProtocol {
    static let version = "2026-07-28"

    private static let versionKey = "io.modelcontextprotocol/protocolVersion"
    private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
    private static let serverInfoKey = "io.modelcontextprotocol/serverInfo"

    let tools: Toolbox
    let calls: WaitingCalls?
    let seal: CallStateSeal

    func answer(_ message: JSONRPCMessage, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        switch message {
        case .notification: return .accepted
        case .response: return .failure(id: .null, JSONRPCError(.invalidRequest, "No request waits for an answer."))
        case .request(let request):
            do throws(JSONRPCError) {
                try check(request, headers)
            } catch {
                return .failure(id: request.id, error)
            }
            return await dispatch(request, access)
        }
    }

    private func dispatch(_ request: JSONRPCRequest, _ access: Access) async -> Answer {
        switch request.method {
        case "server/discover":
            return .result(
                id: request.id, shared(["supportedVersions": [.string(Self.version)]], merging: Server.introduction))
        case "tools/list":
            return .result(id: request.id, shared(["tools": tools.json], merging: [:]))
        case "tools/call":
            return await call(request, access)
        default:
            return .failure(id: request.id, JSONRPCError(.methodNotFound, "Method not found."))
        }
    }

    private func call(_ request: JSONRPCRequest, _ access: Access) async -> Answer {
        switch tools.admit(request, access) {
        case .answer(let answer): return answer
        case .call(let call):
            let said = request.parameters["_meta"]?.object?[Self.capabilitiesKey]?.object
            return await StatelessCall(abilities: ClientCapabilities(said), calls: calls, seal: seal).answer(call)
                .mapResult { $0["resultType"] == nil ? complete($0) : signed($0) }
        }
    }

    /// The order is policy: what a client says about itself twice is compared before it is judged.
    private func check(_ request: JSONRPCRequest, _ headers: RoutingHeaders) throws(JSONRPCError) {
        if let name = headers.duplicated { throw JSONRPCError(.headerMismatch, "\(name) stands there twice.") }
        let envelope = try demandEnvelope(request)
        try demandAgreement(request, version: envelope, headers)
        guard envelope == Self.version else {
            throw JSONRPCError(
                .unsupportedProtocolVersion, "This protocol version is not spoken here.",
                data: ["supported": [.string(Self.version)], "requested": .string(envelope)])
        }
    }

    private func demandEnvelope(_ request: JSONRPCRequest) throws(JSONRPCError) -> String {
        guard let envelope = request.parameters["_meta"]?.object,
            let version = envelope[Self.versionKey]?.string, envelope[Self.capabilitiesKey]?.object != nil
        else {
            throw JSONRPCError(
                .invalidParameters, "params._meta has to hold \(Self.versionKey) and \(Self.capabilitiesKey).")
        }
        return version
    }

    private func demandAgreement(
        _ request: JSONRPCRequest, version: String, _ headers: RoutingHeaders
    ) throws(JSONRPCError) {
        guard headers.protocolVersion == version else {
            throw JSONRPCError(.headerMismatch, "MCP-Protocol-Version differs from the version in params._meta.")
        }
        guard headers.method == request.method else {
            throw JSONRPCError(.headerMismatch, "Mcp-Method differs from the method of the message.")
        }
        guard request.method == "tools/call", let name = request.parameters["name"]?.string else { return }
        guard headers.name == name else {
            throw JSONRPCError(.headerMismatch, "Mcp-Name differs from the name of the tool in the message.")
        }
    }

    /// The same answer for everybody, so that it may be kept for a while.
    private func shared(_ members: JSONObject, merging more: JSONObject) -> JSONObject {
        var result = members
        for (name, value) in more.members { result[name] = value }
        result["ttlMs"] = 60_000
        result["cacheScope"] = "public"
        return complete(result)
    }

    private func complete(_ members: JSONObject) -> JSONObject {
        var result = members
        result["resultType"] = "complete"
        return signed(result)
    }

    private func signed(_ members: JSONObject) -> JSONObject {
        var result = members
        result["_meta"] = [Self.serverInfoKey: .object(Server.information)]
        return result
    }
}

extension Answer {
    func mapResult(_ change: (JSONObject) -> JSONObject) -> Answer {
        guard case .result(let id, let result) = self else { return self }
        return .result(id: id, change(result))
    }
}
