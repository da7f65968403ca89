import JOSE
import ResourceServer

/// MCP since 2026-07-28: every request carries its own version, capabilities and state, and no session exists.
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

    /// Answers one message of an authenticated client.
    func answer(_ message: JSONRPCMessage, _ headers: RoutingHeaders, _ access: Access) async -> Answer {
        switch message {
        case .notification: return .accepted
        case .response:
            return .failure(id: .null, JSONRPCError(.invalidRequest, "No request of this server waits for a response."))
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
            // Capabilities come with each call, because no handshake has announced them.
            let said = request.parameters["_meta"]?.object?[Self.capabilitiesKey]?.object
            return await StatelessCall(abilities: ClientCapabilities(said), calls: calls, seal: seal).answer(call)
                .mapResult { $0["resultType"] == nil ? complete($0) : signed($0) }
        }
    }

    /// Validates the envelope. The order is policy: header and body must agree before the version is judged, so that a gateway that
    /// routes by headers sees the same request as this server.
    private func check(_ request: JSONRPCRequest, _ headers: RoutingHeaders) throws(JSONRPCError) {
        if let name = headers.duplicated {
            throw JSONRPCError(.headerMismatch, "The header field \(name) is repeated.")
        }
        let envelope = try demandEnvelope(request)
        try demandAgreement(request, version: envelope, headers)
        guard envelope == Self.version else {
            throw JSONRPCError(
                .unsupportedProtocolVersion, "This protocol version is not supported.",
                data: ["supported": [.string(Self.version)], "requested": .string(envelope)])
        }
    }

    /// The protocol version of the envelope, which every request must repeat together with the client's capabilities.
    private func demandEnvelope(_ request: JSONRPCRequest) throws(JSONRPCError) -> String {
        guard let envelope = request.parameters["_meta"]?.object,
            let version = envelope[Self.versionKey]?.string, envelope[Self.capabilitiesKey]?.object != nil
        else {
            throw JSONRPCError(
                .invalidParameters, "params._meta must contain \(Self.versionKey) and \(Self.capabilitiesKey).")
        }
        return version
    }

    /// Refuses header fields that differ from the body: they would let a request pass a gateway as another one.
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

    /// A result that is the same for every client, so caches may share it for a minute.
    private func shared(_ members: JSONObject, merging more: JSONObject) -> JSONObject {
        var result = members
        for (name, value) in more.members { result[name] = value }
        result["ttlMs"] = 60_000
        result["cacheScope"] = "public"
        return complete(result)
    }

    /// Marks a result as final, in contrast to one that requires input.
    private func complete(_ members: JSONObject) -> JSONObject {
        var result = members
        result["resultType"] = "complete"
        return signed(result)
    }

    /// Adds the server's name and version, which the stateless protocol puts into each result.
    private func signed(_ members: JSONObject) -> JSONObject {
        var result = members
        result["_meta"] = [Self.serverInfoKey: .object(Server.information)]
        return result
    }
}

extension Answer {
    /// Changes the members of a result; other answers stay unchanged.
    func mapResult(_ change: (JSONObject) -> JSONObject) -> Answer {
        guard case .result(let id, let result) = self else { return self }
        return .result(id: id, change(result))
    }
}
