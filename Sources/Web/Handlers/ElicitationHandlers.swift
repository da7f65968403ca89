import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the elicitation endpoints for MCP servers: JSON requests and responses, with HTTP Basic authentication.
struct ElicitationHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `POST /elicitations`: 201 with the URL for the user, or 200 if an equal pending elicitation exists.
    func create(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let created = try await gatehouse.elicitations.creation.create(body, authorization: request.authorization)
        var response = Response.json(created.json, status: created.isReused ? .ok : .created)
        response.headers[.location] = created.location
        return response
    }

    /// `GET /elicitations`: the open elicitations of the MCP server, in pages of `limit` from `after` on.
    func list(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        let most = ElicitationListEndpoint.mostEntries
        let limit = try parameters.value("limit").map { text in
            guard text.utf8.count <= 9, let limit = Int(text), (1...most).contains(limit) else {
                throw OAuthError(.invalidRequest, "limit must be a whole number from 1 to \(most).")
            }
            return limit
        }
        return .json(
            try await gatehouse.elicitations.list.list(
                limit: limit ?? most, after: parameters.value("after"), authorization: request.authorization))
    }

    /// `GET /elicitations/{id}`: the status as JSON, or 304 for a current entity tag.
    ///
    /// With `?wait=` the request waits up to 30 seconds for a change, and stops waiting when the client disconnects.
    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let known = Self.tags(request.headers[values: .ifNoneMatch])
        let report = try await gatehouse.elicitations.status.report(
            context.parameter("id"), wait: try Self.wait(request), known: known, authorization: request.authorization,
            onDisconnect: context.whenDisconnected)
        guard !report.isKnown(by: known) else {
            return Response(status: .notModified, headers: [.eTag: report.entityTag, .cacheControl: "no-store"])
        }
        return Self.report(report)
    }

    /// `DELETE /elicitations/{id}`: cancels the elicitation and returns its status.
    func cancel(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        Self.report(
            try await gatehouse.elicitations.status.cancel(
                context.parameter("id"), authorization: request.authorization))
    }

    /// `POST /elicitations/{id}/result`: returns the result and spends it.
    func collect(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        result(
            try await gatehouse.elicitations.result.collect(
                context.parameter("id"), authorization: request.authorization))
    }

    /// `GET /elicitations/{id}/result`: returns the result, which stays readable until it is acknowledged.
    func read(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        result(
            try await gatehouse.elicitations.result.read(context.parameter("id"), authorization: request.authorization))
    }

    /// `DELETE /elicitations/{id}/result`: spends a result that the MCP server has received. With `?claim=` it is spent for the one
    /// caller that knows the claim.
    func acknowledge(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let status = try await gatehouse.elicitations.result.acknowledge(
            context.parameter("id"), claim: try Self.claim(request), authorization: request.authorization)
        if let status { return notCompleted(status) }
        return .done
    }

    /// `POST /elicitations/redeem`: exchanges the ticket of a visitor for the user's identity.
    func redeem(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.elicitations.completion.redeem(body, authorization: request.authorization))
    }

    /// `POST /elicitations/{id}/complete`: records the outcome of an `external` elicitation, as its MCP server reports it.
    func complete(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        switch try await gatehouse.elicitations.completion.complete(
            context.parameter("id"), body, authorization: request.authorization)
        {
        case .recorded(let report): Self.report(report)
        case .ended(let status):
            pipeline.answers.json(
                OAuthError(.notCompleted, "The elicitation ended before your report; see status."),
                usedBasic: true, adding: ["status": .string(status.rawValue)])
        }
    }

    /// The response with a result, or 409 with the status if there is none.
    private func result(_ result: ElicitationResult) -> Response {
        switch result {
        case .collected(let body): .json(body)
        case .notCompleted(let status): notCompleted(status)
        }
    }

    /// The error for an elicitation without a result; `status` tells whether waiting makes sense.
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
        guard text.utf8.count <= 9, let seconds = Int64(text),
            (0...ElicitationStatusEndpoint.longestWait).contains(seconds)
        else {
            throw OAuthError(
                .invalidRequest,
                "wait must be a whole number of seconds from 0 to \(ElicitationStatusEndpoint.longestWait).")
        }
        return seconds
    }

    /// The parameter `claim`; nil if the request has none. An empty one is refused: it would claim the result for everybody.
    private static func claim(_ request: Request) throws -> String? {
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        guard parameters.names("claim") else { return nil }
        let claim = try parameters.value("claim") ?? ""
        guard (1...128).contains(claim.utf8.count), claim.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw OAuthError(
                .invalidRequest, "claim must consist of 1 to 128 printable ASCII characters without spaces.")
        }
        return claim
    }

    /// The status of an elicitation as JSON, with its entity tag.
    private static func report(_ report: ElicitationReport) -> Response {
        var response = Response.json(report.json)
        response.headers[.eTag] = report.entityTag
        return response
    }
}
