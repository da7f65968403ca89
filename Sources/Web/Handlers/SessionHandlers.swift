import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// The door through which MCP servers end sessions of their own.
struct SessionHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func add(to router: RouterGroup<WebContext>) {
        router.delete("/sessions/:sid") { request, context in
            do {
                try await gatehouse.session.end(
                    context.parameters.get("sid") ?? "", authorization: request.headers[.authorization])
                return Response(status: .noContent, headers: [.cacheControl: "no-store"])
            } catch let error as OAuthError {
                door.answers.note(error, context)
                return door.answers.json(error, usedBasic: true)
            }
        }
    }
}
