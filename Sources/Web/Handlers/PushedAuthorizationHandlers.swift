import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// The handler of pushed authorization requests.
struct PushedAuthorizationHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `POST /par`: stores the request of a client and returns its `request_uri`.
    func push(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try TokenHandlers.form(request, body)
        return try await gatehouse.offeringNonce(to: request) {
            let response = try await gatehouse.pushedAuthorization.answer(
                form, authorization: request.authorization, proofs: request.proofs,
                address: pipeline.proxies.clientAddress(of: request, context: context))
            return .json(response.json, status: .created)
        }
    }
}
