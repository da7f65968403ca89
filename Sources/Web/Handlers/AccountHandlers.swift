import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of the account page and of the actions on it.
struct AccountHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let place = try AccountCursor(OAuth.Parameters(query: request.uri.query ?? ""))
        return visitor.addingCookie(to: present(try await gatehouse.account.show(place, browser: visitor.browser)))
    }

    func act(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body)
        return visitor.addingCookie(
            to: try present(try await gatehouse.account.act(form, browser: visitor.browser), visitor))
    }

    private func present(_ view: AccountEndpoint.View) -> Response {
        switch view {
        case .signIn(let token, let notice):
            pipeline.answers.html(
                SignInPage(client: nil, token: token, notice: notice.map { PlainText($0) }, isForAccount: true))
        case .page(let overview, let notice): pipeline.answers.html(AccountPage(overview, notice: notice))
        }
    }

    private func present(_ outcome: AccountEndpoint.Outcome, _ visitor: Visitor) throws -> Response {
        switch outcome {
        case .signIn(let token):
            return signIn(token, nil, because: "You are signed out. Nothing changed.")
        case .signInAgain(let token, let account):
            return signIn(
                token, account, because: "This action requires a recent sign-in. Sign in again; nothing changed.")
        case .refused(let overview, let problem):
            var response = pipeline.answers.html(AccountPage(overview, problem: problem), status: problem.httpStatus)
            if case .password(.wait(let seconds)) = problem { response.headers[.retryAfter] = "\(seconds)" }
            return response
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

    private func signIn(_ token: String, _ account: String?, because problem: PlainText) -> Response {
        pipeline.answers.html(
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
