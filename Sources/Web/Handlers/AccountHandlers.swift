import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the account page and of the actions on it.
struct AccountHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `GET /account`: the account page, or the sign-in page without a login. It changes nothing, so HEAD may run it.
    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let place = try AccountCursor(OAuth.Parameters(query: request.uri.query ?? ""))
        return visitor.addingCookie(
            to: try await present(try await gatehouse.account.show(place, browser: visitor.browser)))
    }

    private var door: SignInDoor { SignInDoor(gatehouse: gatehouse, pipeline: pipeline) }

    /// `POST /account`: performs one action and redirects to the page, which confirms it in a notice.
    ///
    /// The redirect prevents the browser from repeating the action when the user reloads the page.
    func act(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body)
        return visitor.addingCookie(
            to: try await present(try await gatehouse.account.act(form, browser: visitor.browser), visitor))
    }

    /// The response with the content of the page.
    private func present(_ view: AccountEndpoint.View) async throws -> Response {
        switch view {
        case .signIn(let token, let notice):
            try await door.html(
                SignInPage(client: nil, token: token, notice: notice.map { PlainText($0) }, isForAccount: true))
        case .page(let overview, let notice): pipeline.answers.html(AccountPage(overview, notice: notice))
        }
    }

    /// The response to an action. A refused action shows the page again with the status of its reason.
    private func present(_ outcome: AccountEndpoint.Outcome, _ visitor: Visitor) async throws -> Response {
        switch outcome {
        case .signIn(let token):
            return try await signIn(token, nil, because: "You are signed out. Nothing changed.")
        case .signInAgain(let token, let account):
            return try await signIn(
                token, account, because: "This action requires a recent sign-in. Sign in again; nothing changed.")
        case .refused(let overview, let problem):
            var response = pipeline.answers.html(AccountPage(overview, problem: problem), status: problem.httpStatus)
            if case .password(.wait(let seconds)) = problem { response.headers[.retryAfter] = "\(seconds)" }
            return response
        case .signedOut(let notice, let provider):
            return try SignOutHandlers(gatehouse: gatehouse, pipeline: pipeline)
                .offer(provider, after: notice, visitor)
        case .done(let notice, let user, let cookie):
            let response = try gatehouse.toAccount(notice: notice.sentence, user, visitor)
            switch cookie {
            case .none: return response
            case .renewed(let secret):
                return response.setting(cookie: Visitor.signedIn(secret, rules: pipeline.cookies))
            case .cleared: return response.setting(cookie: Visitor.signedOut(rules: pipeline.cookies))
            }
        }
    }

    /// The sign-in page with 403: the action needs a login, or a more recent one.
    private func signIn(_ token: String, _ account: String?, because problem: PlainText) async throws -> Response {
        try await door.html(
            SignInPage(client: nil, token: token, username: account, problem: problem, isForAccount: true),
            status: .forbidden)
    }
}

extension Gatehouse {
    /// A redirect to the account page, which shows the notice once.
    func toAccount(notice: String, _ user: UserID?, _ visitor: Visitor) throws -> Response {
        let sealed = try account.seal(notice: notice, for: user, in: visitor.browser)
        return .seeOther(settings.issuer.endpoint("/account?notice=\(sealed)#notice"))
    }
}

extension AccountActionError {
    /// The status of a refused action. 429 has `Retry-After`, because it limits guesses of the password.
    fileprivate var httpStatus: HTTPResponse.Status {
        switch self {
        case .stale, .unknownAction: .badRequest
        case .unknown: .notFound
        case .password(.wrong): .forbidden
        case .password(.wait): .tooManyRequests
        case .password(.changedConcurrently): .conflict
        case .password: .badRequest
        }
    }
}
