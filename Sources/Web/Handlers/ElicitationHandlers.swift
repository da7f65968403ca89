import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the elicitation endpoints for MCP servers: JSON requests and responses, with HTTP Basic authentication.
struct ElicitationHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    func create(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let made = try await gatehouse.elicitation.create(body, authorization: request.authorization)
        var response = Response.json(made.json, status: made.isFound ? .ok : .created)
        response.headers[.location] = made.location
        return response
    }

    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let known = Self.tags(request.headers[values: .ifNoneMatch])
        let report = try await gatehouse.elicitation.status(
            context.parameter("id"), wait: try Self.wait(request), known: known, authorization: request.authorization,
            whenGone: context.whenDisconnected)
        guard !report.isKnown(by: known) else {
            return Response(status: .notModified, headers: [.eTag: report.entityTag, .cacheControl: "no-store"])
        }
        return Self.report(report)
    }

    func cancel(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        Self.report(
            try await gatehouse.elicitation.cancel(context.parameter("id"), authorization: request.authorization))
    }

    func collect(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        result(try await gatehouse.elicitation.collect(context.parameter("id"), authorization: request.authorization))
    }

    func read(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        result(try await gatehouse.elicitation.read(context.parameter("id"), authorization: request.authorization))
    }

    func acknowledge(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let status = try await gatehouse.elicitation.acknowledge(
            context.parameter("id"), authorization: request.authorization)
        if let status { return notCompleted(status) }
        return .done
    }

    func redeem(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.elicitation.redeem(body, authorization: request.authorization))
    }

    func complete(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        switch try await gatehouse.elicitation.complete(
            context.parameter("id"), body, authorization: request.authorization)
        {
        case .recorded(let report): Self.report(report)
        case .ended(let status):
            pipeline.answers.json(
                OAuthError(.notCompleted, "The elicitation ended before your report; see status."),
                usedBasic: true, adding: ["status": .string(status.rawValue)])
        }
    }

    private func result(_ result: ElicitationResult) -> Response {
        switch result {
        case .collected(let body): .json(body)
        case .notCompleted(let status): notCompleted(status)
        }
    }

    private func notCompleted(_ status: ElicitationStatus) -> Response {
        pipeline.answers.json(
            OAuthError(.notCompleted, "No result: the user has not completed the elicitation; see status."),
            usedBasic: true, adding: ["status": .string(status.rawValue)])
    }

    /// The entity tags of the fields. Weak comparison applies, so `W/` is dropped.
    private static func tags(_ fields: [String]) -> [String] {
        fields.flatMap { $0.split(separator: ",") }.map { field -> String in
            let tag = field.filter { $0 != " " && $0 != "\t" }
            return tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag
        }
    }

    /// The parameter `wait` in seconds; 0 if the request has none.
    private static func wait(_ request: Request) throws -> Int64 {
        guard let text = try OAuth.Parameters(query: request.uri.query ?? "").value("wait") else { return 0 }
        guard text.utf8.count <= 9, let seconds = Int64(text), seconds >= 0 else {
            throw OAuthError(.invalidRequest, "Send wait as a whole number of seconds, at most 30.")
        }
        return seconds
    }

    private static func report(_ report: ElicitationReport) -> Response {
        var response = Response.json(report.json)
        response.headers[.eTag] = report.entityTag
        return response
    }
}
