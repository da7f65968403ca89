import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import NIOCore
import OAuth

/// What MCP servers call to ask a person something: JSON in, JSON out, HTTP Basic in front.
struct ElicitationHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func add(to router: RouterGroup<WebContext>) {
        router.post("/elicitations") { request, context in
            try await answer(request, context) { try await create(request, $0) }
        }
        router.get("/elicitations/:id") { request, context in
            try await answer(request, context) { try await status(request, context, $0) }
        }
        router.delete("/elicitations/:id") { request, context in
            try await answer(request, context) {
                Self.report(try await gatehouse.elicitation.cancel(Self.id(context), authorization: $0))
            }
        }
        router.post("/elicitations/:id/result") { request, context in
            try await answer(request, context) {
                result(try await gatehouse.elicitation.collect(Self.id(context), authorization: $0))
            }
        }
        router.post("/elicitations/redeem") { request, context in
            try await answer(request, context) {
                Self.json(try await gatehouse.elicitation.redeem(try await request.jsonBytes(), authorization: $0))
            }
        }
        router.post("/elicitations/:id/complete") { request, context in
            try await answer(request, context) { authorization in
                let body = try await request.jsonBytes()
                let id = Self.id(context)
                switch try await gatehouse.elicitation.complete(id, body, authorization: authorization) {
                case .recorded(let report): return Self.report(report)
                case .ended(let status):
                    return door.answers.json(
                        OAuthError(.notCompleted, "This ended otherwise before your report, see status."),
                        usedBasic: true, adding: ["status": .string(status.rawValue)])
                }
            }
        }
        router.get("/elicitations/:id/result") { request, context in
            try await answer(request, context) {
                result(try await gatehouse.elicitation.read(Self.id(context), authorization: $0))
            }
        }
        router.delete("/elicitations/:id/result") { request, context in
            try await answer(request, context) {
                let status = try await gatehouse.elicitation.acknowledge(Self.id(context), authorization: $0)
                if let status { return notCompleted(status) }
                return Response(status: .noContent, headers: [.cacheControl: "no-store"])
            }
        }
    }

    private func create(_ request: Request, _ authorization: String?) async throws -> Response {
        let made = try await gatehouse.elicitation.create(
            try await request.jsonBytes(), authorization: authorization)
        var response = Self.json(made.json, status: made.isFound ? .ok : .created)
        response.headers[.location] = made.location
        return response
    }

    private func status(
        _ request: Request, _ context: WebContext, _ authorization: String?
    ) async throws -> Response {
        let known = Self.tags(request.headers[values: .ifNoneMatch])
        let report = try await gatehouse.elicitation.status(
            Self.id(context), wait: try Self.wait(request), known: known, authorization: authorization,
            whenGone: context.whenGone)
        guard !report.isKnown(by: known) else {
            return Response(status: .notModified, headers: [.eTag: report.entityTag, .cacheControl: "no-store"])
        }
        return Self.report(report)
    }

    private func result(_ result: ElicitationResult) -> Response {
        switch result {
        case .collected(let body): Self.json(body)
        case .notCompleted(let status): notCompleted(status)
        }
    }

    private func notCompleted(_ status: ElicitationStatus) -> Response {
        door.answers.json(
            OAuthError(.notCompleted, "There is no result: the person has not completed this, see status."),
            usedBasic: true, adding: ["status": .string(status.rawValue)])
    }

    /// Answers every refusal in JSON, whatever the caller would accept.
    private func answer(
        _ request: Request, _ context: WebContext, _ body: (String?) async throws -> Response
    ) async throws -> Response {
        do {
            return try await body(request.headers[.authorization])
        } catch let error as OAuthError {
            door.answers.note(error, context)
            return door.answers.json(error, usedBasic: true)
        }
    }

    /// The entity tags of the fields, weak ones like strong ones.
    private static func tags(_ fields: [String]) -> [String] {
        fields.flatMap { $0.split(separator: ",") }.map { field -> String in
            let tag = field.filter { $0 != " " && $0 != "\t" }
            return tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag
        }
    }

    /// The seconds to wait: a whole number, none if it is not sent.
    private static func wait(_ request: Request) throws -> Int64 {
        guard let text = try OAuth.Parameters(query: request.uri.query ?? "").value("wait") else { return 0 }
        guard text.utf8.count <= 9, let seconds = Int64(text), seconds >= 0 else {
            throw OAuthError(.invalidRequest, "Send wait as a whole number of seconds, at most 30.")
        }
        return seconds
    }

    private static func id(_ context: WebContext) -> String { context.parameters.get("id") ?? "" }

    private static func report(_ report: ElicitationReport) -> Response {
        var response = json(report.json)
        response.headers[.eTag] = report.entityTag
        return response
    }

    private static func json(_ json: JSON, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
