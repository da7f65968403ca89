import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Where people come back from a provider.
struct ConnectHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: RequestPipeline

    func callback(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        let view = try await gatehouse.connect.answer(
            context.parameter("provider"), parameters, browser: visitor.browser)
        return visitor.greet(present(view, context))
    }

    private func present(_ view: ConnectEndpoint.View, _ context: WebContext) -> Response {
        switch view {
        case .over(let end): door.answers.html(ElicitationEndPage(end), status: end.httpStatus)
        case .again(let problem): again(problem, context)
        case .notYours: notYours(context)
        }
    }

    private func again(_ problem: ConnectEndpoint.Problem, _ context: WebContext) -> Response {
        door.answers.log.refused("a provider's callback is not taken: \(problem)", status: .badRequest, context)
        return door.answers.html(
            ErrorPage(
                title: "Not connected", explanation: Self.sentence(problem),
                advice: "The request is still open: open its address again, and approve it anew.",
                reference: context.reference),
            status: .badRequest)
    }

    private static func sentence(_ problem: ConnectEndpoint.Problem) -> PlainText {
        switch problem {
        case .late: "It took too long to come back, so nothing was connected."
        case .used: "This way back was used already. If another window is still at work, wait for it."
        case .wrongIssuer: "The answer did not come from the site that you were sent to, so nothing was connected."
        }
    }

    /// One answer for a foreign, an unknown and a lost way back: it tells a stranger nothing, and it spends nothing.
    private func notYours(_ context: WebContext) -> Response {
        door.answers.log.refused("a provider's callback fits nobody here", status: .forbidden, context)
        return door.answers.html(
            ErrorPage(
                title: "Nothing to finish here",
                explanation: "This does not belong to the account that is signed in in this browser, or it is over.",
                advice: "Nothing was connected. Open the request again in the browser in which you began.",
                reference: context.reference),
            status: .forbidden)
    }
}
