import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import NIOCore
import OAuth

/// The doors through which MCP servers take their events and prove their endpoints.
struct EventHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func add(to router: RouterGroup<WebContext>) {
        router.post("/events/poll") { request, context in
            try await answer(request, context) { authorization, body in
                let resource = try await gatehouse.resourceAuthentication.identify(authorization)
                return Self.json(
                    try await gatehouse.eventPoll.answer(
                        Self.object(body), for: resource, whenGone: context.whenGone))
            }
        }
        router.post("/events/verify") { request, context in
            try await answer(request, context) { authorization, body in
                let resource = try await gatehouse.resourceAuthentication.identify(authorization)
                try await gatehouse.eventVerify.answer(Self.object(body), for: resource)
                return Response(status: .noContent, headers: [.cacheControl: "no-store"])
            }
        }
        router.get("/events/status") { request, context in
            try await answer(request, context) { authorization, _ in
                let resource = try await gatehouse.resourceAuthentication.identify(authorization)
                return Self.json(try await gatehouse.eventStatus.answer(for: resource))
            }
        }
    }

    /// Who asks is known before what is asked is read, and every refusal is the protocol's JSON.
    private func answer(
        _ request: Request, _ context: WebContext, _ body: (String?, [UInt8]) async throws -> Response
    ) async throws -> Response {
        let authorization = request.headers[.authorization]
        do {
            return try await body(authorization, try await request.bodyBytes())
        } catch let error as OAuthError {
            door.answers.note(error, context)
            return door.answers.json(error, usedBasic: true)
        }
    }

    private static func object(_ bytes: [UInt8]) throws -> JSONObject {
        do {
            return try JSONObject(parsing: bytes)
        } catch {
            throw OAuthError(.invalidRequest, "Send a JSON object.", reason: "\(error)")
        }
    }

    private static func json(_ json: JSON) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
