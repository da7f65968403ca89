import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// What MCP servers call so that it stays on record who acts, on whose authority: JSON in, JSON out, HTTP Basic in front.
struct GovernanceHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: RequestPipeline

    func checkpoint(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.checkpoints.record(body, authorization: request.authorization), status: .created)
    }

    func open(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.open(body, authorization: request.authorization), status: .created)
    }

    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.status(context.parameter("id"), authorization: request.authorization))
    }

    func end(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.end(context.parameter("id"), authorization: request.authorization))
    }

    /// A refusal names the question as well as an answer does.
    func evaluate(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        var response: Response
        do {
            response = .json(try await gatehouse.evaluation.answer(body, authorization: request.authorization))
        } catch let error as OAuthError {
            response = door.answers.response(to: error, request: request, context: context)
        }
        response.headers[FieldNames.requestID] = Self.id(of: request)
        return response
    }

    /// The asker's own name for its question, which comes back as it is.
    private static func id(of request: Request) -> String? {
        request.headers[FieldNames.requestID].flatMap { id in
            (1...200).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? id : nil
        }
    }
}
