import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of the page on which a user answers the request of an MCP server.
struct ElicitationPageHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `GET /e/{id}`: the page of an elicitation, the sign-in page, or the page for a wrong account.
    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let view = try await gatehouse.elicitationPage.show(context.parameter("id"), browser: visitor.browser)
        return visitor.addingCookie(to: try await present(view, context))
    }

    /// `POST /e/{id}`: records the decision. The body limit is that of the route, because a secret may be long.
    func decide(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body, longestValue: BodyRule.standardLimit)
        let view = try await gatehouse.elicitationPage.decide(
            context.parameter("id"), token: try form.value("token") ?? "",
            decision: .init(rawValue: try form.value("decision") ?? ""),
            form: form, browser: visitor.browser)
        return visitor.addingCookie(to: try await present(view, context))
    }

    /// The response to a view. A page for another account has 403 and is the same for an unknown id.
    private func present(_ view: ElicitationPageEndpoint.View, _ context: WebContext) async throws -> Response {
        let door = SignInDoor(gatehouse: gatehouse, pipeline: pipeline)
        switch view {
        case .signIn(let token): return try await door.html(SignInPage(client: nil, token: token))
        case .signInAgain(let token, let account):
            return try await door.html(
                SignInPage(
                    client: nil, token: token, username: account,
                    problem: "This request requires a recent sign-in. Sign in again to continue; nothing was sent."))
        case .question(let question): return pipeline.answers.html(ElicitationPage(question))
        case .retry(let question, let problem):
            return pipeline.answers.html(
                ElicitationPage(question, problem: Self.sentence(problem)), status: .badRequest)
        case .corrections(let question, let filled): return corrections(question, filled)
        case .ended(let end): return pipeline.answers.html(ElicitationEndPage(end), status: end.httpStatus)
        case .redirect(let destination): return try redirect(to: destination)
        case .notYours(let visitor):
            pipeline.answers.log.refused(
                "the request belongs to another account", status: .forbidden, context,
                ["elicitation": visitor.elicitation?.string ?? "unknown"])
            return try await door.html(WrongAccountPage(account: visitor.account, token: visitor.token))
        }
    }

    /// The page that sends the browser on to the destination.
    private func redirect(to destination: ElicitationDestination) throws -> Response {
        let (address, purpose): (String, HandOffPage.Purpose) =
            switch destination {
            case .provider(let address): (address, .errand)
            case .externalSite(let address): (address, .elsewhere)
            }
        guard let target = LinkTarget(address) else {
            throw OAuthError(.serverError, "Gatehouse cannot open this site.", reason: "not a link target")
        }
        return pipeline.answers.html(HandOffPage(to: target, for: purpose))
    }

    /// The page again after a form with invalid values; it keeps the other values, except passwords.
    private func corrections(_ question: ElicitationQuestion, _ filled: SubmittedForm) -> Response {
        let (sentence, status, wait): (PlainText, HTTPResponse.Status, Int64?) =
            switch filled.notice {
            case .fields: ("Nothing was sent. Correct the marked fields.", .badRequest, nil)
            case .ownPassword: ("You entered your Gatehouse password. Nothing was sent or stored.", .badRequest, nil)
            case .wait(let seconds):
                (
                    PlainText("Nothing was sent. Wait \(WaitingTime.words(seconds)), then try again."),
                    .tooManyRequests, seconds
                )
            }
        var response = pipeline.answers.html(
            ElicitationPage(question, filled: filled, problem: sentence), status: status)
        response.headers[.retryAfter] = wait.map(String.init)
        return response
    }

    private static func sentence(_ problem: ElicitationPageEndpoint.Problem) -> PlainText {
        switch problem {
        case .stale: "You signed in again after this page opened. Review the request, then decide."
        case .noDecision: "Press one of the two buttons."
        case .isThere: "You have already continued to the other site. Finish the request there, or start over."
        }
    }
}

extension ElicitationEnd {
    /// 200 for the decision of this very form, 409 for a form after the decision, 410 for one that is too late.
    var httpStatus: HTTPResponse.Status {
        if isJustNow { return .ok }
        return switch status {
        case .completed, .declined: .conflict
        case .pending, .opened, .cancelled, .expired, .failed: .gone
        }
    }
}
