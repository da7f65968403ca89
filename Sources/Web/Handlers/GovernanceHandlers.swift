import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import NIOCore
import OAuth

/// What MCP servers call so that it stays on record who acts, on whose authority: JSON in, JSON out, HTTP Basic in front.
struct GovernanceHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func add(to router: RouterGroup<WebContext>) {
        router.post("/checkpoints") { request, context in
            try await answer(request, context, .created) {
                try await gatehouse.checkpoints.record(try await request.jsonBytes(), authorization: $0)
            }
        }
        router.post("/jobs") { request, context in
            try await answer(request, context, .created) {
                try await gatehouse.jobs.open(try await request.jsonBytes(), authorization: $0)
            }
        }
        router.get("/jobs/:id") { request, context in
            try await answer(request, context) {
                try await gatehouse.jobs.status(context.parameters.get("id") ?? "", authorization: $0)
            }
        }
        router.delete("/jobs/:id") { request, context in
            try await answer(request, context) {
                try await gatehouse.jobs.end(context.parameters.get("id") ?? "", authorization: $0)
            }
        }
        router.post("/access/v1/evaluation") { request, context in
            var response = try await answer(request, context) {
                try await gatehouse.evaluation.answer(try await request.jsonBytes(), authorization: $0)
            }
            response.headers[FieldNames.requestID] = Self.id(of: request)
            return response
        }
    }

    /// Answers every refusal in JSON, whatever the caller would accept.
    private func answer(
        _ request: Request, _ context: WebContext, _ status: HTTPResponse.Status = .ok,
        _ body: (String?) async throws -> JSON
    ) async throws -> Response {
        do {
            let json = try await body(request.headers[.authorization])
            return Response(
                status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
        } catch let error as OAuthError {
            door.answers.note(error, context)
            return door.answers.json(error, usedBasic: true)
        }
    }

    /// The asker's own name for its question, which comes back as it is.
    private static func id(of request: Request) -> String? {
        request.headers[FieldNames.requestID].flatMap { id in
            (1...200).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? id : nil
        }
    }
}
