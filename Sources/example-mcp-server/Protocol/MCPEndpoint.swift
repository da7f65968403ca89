import HTTPTypes
import Hummingbird
import JOSE
import Logging
import NIOCore
import ResourceServer

/// The MCP endpoint: authenticates a message, dispatches it by protocol version, and writes the answer as HTTP.
///
/// Spec: MCP 2025-11-25 §Transports
struct MCPEndpoint: Sendable {
    static let maximumBody = 64 * 1024

    let resource: ProtectedResource
    let tools: Toolbox
    /// Nil without credentials for elicitations.
    let calls: WaitingCalls?
    let sessions = HandshakeSessions()
    let questions = PendingFormElicitations()
    let states: CallStateSeal

    /// Authenticates a request, parses its message and writes the answer.
    func respond(to request: Request, context: some RequestContext) async throws -> Response {
        do {
            // The token comes first, so that the server reads no body of an unauthenticated request.
            let access = try await resource.authorize(
                authorizationHeader: Self.credentials(of: request),
                proof: RequestProof(method: request.method.rawValue, fields: Self.proofs(of: request)))
            guard Self.isJSON(request) else {
                return Self.plain(.unsupportedMediaType, "Send the message as application/json.")
            }
            let body = try await request.body.collect(upTo: Self.maximumBody)
            let answer = await answer(Array(body.readableBytesView), request.headers, access)
            var response = try present(answer, for: request)
            if access.keyThumbprint != nil, let name = HTTPField.Name("DPoP-Nonce") {
                response.headers[name] = resource.proofNonce
            }
            return response
        } catch let refusal as Refusal {
            context.logger.notice("Refused: \(refusal.kind.rawValue), \(refusal.reason)")
            return Self.refusal(refusal)
        }
    }

    private func answer(_ body: [UInt8], _ fields: HTTPFields, _ access: Access) async -> Answer {
        let message: JSONRPCMessage
        do throws(JSONRPCError) {
            message = try JSONRPCMessage(body)
        } catch {
            return .failure(id: .null, error)
        }
        let headers = RoutingHeaders(fields)
        // Both protocols share tools and elicitations; only the envelope differs.
        switch Era(headers) {
        case .handshake:
            let handshake = HandshakeProtocol(
                tools: tools, calls: calls, sessions: sessions, questions: questions)
            return await handshake.answer(message, headers, access)
        case .stateless:
            return await StatelessProtocol(tools: tools, calls: calls, seal: states).answer(message, headers, access)
        }
    }

    /// Maps an answer to a response in the representation that the client accepts.
    private func present(_ answer: Answer, for request: Request) throws -> Response {
        switch answer {
        case .refused(let refusal): throw refusal
        case .accepted: return Response(status: .accepted)
        case .unknownSession: return Self.plain(.notFound, "Session not found. Start with initialize.")
        case .stream(let messages): return Self.stream(messages)
        case .welcome(_, _, let session):
            var response = Self.json(answer, .ok, asEvent: Self.wantsEvents(request))
            if let name = HTTPField.Name("Mcp-Session-Id") { response.headers[name] = session }
            return response
        case .result: return Self.json(answer, .ok, asEvent: Self.wantsEvents(request))
        case .failure(let id, let error):
            let isHandshake = Era(RoutingHeaders(request.headers)) == .handshake
            // Up to 2025-11-25 an error has status 200 like any other response to a valid message.
            let status: HTTPResponse.Status = isHandshake && id != .null ? .ok : .init(code: error.status)
            return Self.json(answer, status, asEvent: status == .ok && Self.wantsEvents(request))
        }
    }

    /// The Authorization field; two of them are joined into one that is malformed.
    private static func credentials(of request: Request) -> String? {
        let values = request.headers[values: .authorization]
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// The values of the DPoP fields, each of them one proof.
    private static func proofs(of request: Request) -> [String] {
        HTTPField.Name("DPoP").map { request.headers[values: $0] } ?? []
    }

    private static func isJSON(_ request: Request) -> Bool {
        let type = request.headers[.contentType]?.prefix { $0 != ";" } ?? ""
        return type.lowercased().split(separator: " ") == ["application/json"]
    }

    /// Whether the client accepts event streams only: clients have to accept both, and JSON is simpler.
    private static func wantsEvents(_ request: Request) -> Bool {
        let accepted = request.headers[values: .accept].joined(separator: ",").lowercased()
        return accepted.contains("text/event-stream") && !accepted.contains("application/json")
            && !accepted.contains("*/*")
    }
}

extension MCPEndpoint {
    /// The response to a refused token: status, challenge and error code come from the library.
    static func refusal(_ refusal: Refusal) -> Response {
        let body: JSONObject = ["error": .string(refusal.kind.rawValue), "error_description": .string(refusal.message)]
        var response = Response(
            status: .init(code: refusal.status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
        for (name, value) in refusal.fields {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    /// A plain text response, for errors outside of JSON-RPC.
    static func plain(_ status: HTTPResponse.Status, _ sentence: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: sentence + "\n")))
    }

    private static func json(_ answer: Answer, _ status: HTTPResponse.Status, asEvent: Bool = false) -> Response {
        guard let message = answer.message else { return Response(status: status) }
        let buffer = asEvent ? event(message) : ByteBuffer(bytes: message.bytes)
        let type = asEvent ? "text/event-stream" : "application/json"
        return Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: .init(byteBuffer: buffer))
    }

    /// Streams messages as they arrive; the connection stays open until the last one.
    private static func stream(_ messages: AsyncStream<JSONObject?>) -> Response {
        let body = ResponseBody { writer in
            for await message in messages {
                // A comment keeps intermediaries from closing an idle connection.
                try await writer.write(message.map(event) ?? ByteBuffer(string: ": waiting\n\n"))
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }

    /// A message as a server-sent event.
    private static func event(_ message: JSONObject) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: message\ndata: ")
        buffer.writeBytes(message.bytes)
        buffer.writeString("\n\n")
        return buffer
    }
}
