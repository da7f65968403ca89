import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of the endpoints with which MCP servers record actions and jobs and evaluate access: JSON requests and responses,
/// with HTTP Basic authentication.
struct GovernanceHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `POST /checkpoints`: records who acts in a session, as the MCP server reports it.
    func checkpoint(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.checkpoints.record(body, authorization: request.authorization), status: .created)
    }

    /// `POST /jobs`: opens a background job, which can act after its client has gone.
    func open(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.open(body, authorization: request.authorization), status: .created)
    }

    /// `GET /jobs/{id}`: the state of a job.
    func status(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.status(context.parameter("id"), authorization: request.authorization))
    }

    /// `DELETE /jobs/{id}`: ends a job and returns its state.
    func end(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        .json(try await gatehouse.jobs.end(context.parameter("id"), authorization: request.authorization))
    }

    /// Returns the caller's `X-Request-ID` with errors as well as with answers.
    func evaluate(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        var response: Response
        do {
            response = .json(try await gatehouse.evaluation.answer(body, authorization: request.authorization))
        } catch let error as OAuthError {
            response = pipeline.answers.response(to: error, request: request, context: context)
        }
        response.headers[FieldNames.requestID] = Self.id(of: request)
        return response
    }

    /// The `X-Request-ID` of the caller, if it is printable ASCII of at most 200 bytes.
    private static func id(of request: Request) -> String? {
        request.headers[FieldNames.requestID].flatMap { id in
            (1...200).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? id : nil
        }
    }
}
