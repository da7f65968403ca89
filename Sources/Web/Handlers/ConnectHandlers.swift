import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handler of the callback that returns a user from a provider.
struct ConnectHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `GET /connect/{provider}/callback`: redeems the provider's code and shows the outcome of the elicitation.
    func callback(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        let view = try await gatehouse.connect.handleCallback(
            context.parameter("provider"), parameters, browser: visitor.browser)
        return visitor.addingCookie(to: present(view, context))
    }

    /// The response to a callback.
    private func present(_ view: ConnectEndpoint.View, _ context: WebContext) -> Response {
        switch view {
        case .ended(let end): pipeline.answers.html(ElicitationEndPage(end), status: end.httpStatus)
        case .retry(let problem): retry(problem, context)
        case .notYours: notYours(context)
        }
    }

    /// The error page for a callback that leaves the request open, so that the user can try again.
    private func retry(_ problem: ConnectEndpoint.Problem, _ context: WebContext) -> Response {
        pipeline.answers.log.refused("the provider's callback is refused: \(problem)", status: .badRequest, context)
        return pipeline.answers.html(
            ErrorPage(
                title: "Not connected", explanation: Self.sentence(problem),
                advice: "The request is still open. Open its link again, then connect the account.",
                reference: context.reference),
            status: .badRequest)
    }

    private static func sentence(_ problem: ConnectEndpoint.Problem) -> PlainText {
        switch problem {
        case .late: "Signing in at the provider took too long, so nothing was connected."
        case .used: "Another window already used this answer of the provider. Finish in that window."
        case .wrongIssuer: "The answer came from another site than the provider's, so nothing was connected."
        }
    }

    /// One page for a foreign, an unknown and an expired state. It reveals nothing to a stranger, and it spends nothing.
    private func notYours(_ context: WebContext) -> Response {
        pipeline.answers.log.refused(
            "the provider's callback matches no request of this browser", status: .forbidden, context)
        return pipeline.answers.html(
            ErrorPage(
                title: "Request not available",
                explanation:
                    "The request belongs to another account or browser, or it has ended. Nothing was connected.",
                advice: "Open the link of the request again in the browser in which you started.",
                reference: context.reference),
            status: .forbidden)
    }
}
