import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// Handlers of authorization requests and of the sign-in form.
struct AuthorizeHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `GET /authorize`: begins an authorization request, whose parameters are in the URL.
    func query(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await begin(request.uri.query ?? "", request, context)
    }

    /// Handles an authorization request that a client sends as a form.
    ///
    /// Invalid UTF-8 and parameters in the URL are refused, because repairing or merging them would change the request.
    func form(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        guard request.uri.query == nil, let text = String(validating: body, as: UTF8.self) else {
            throw OAuthError(.invalidRequest, "Send all parameters in the form, as UTF-8, and none in the URL.")
        }
        return try await begin(text, request, context)
    }

    /// Begins the request and sets the browser cookie, to which its forms are bound.
    private func begin(_ text: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let outcome = try await gatehouse.authorize.begin(text, browser: visitor.browser)
        return visitor.addingCookie(to: try await present(outcome, afterForm: false, context))
    }

    /// `POST /login`: checks the password and continues the pending request, the elicitation or the account page.
    func signIn(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body, longestValue: SignInEndpoint.longestToken)
        let token = try form.value("interaction") ?? ""
        let username = try form.value("username") ?? ""
        let outcome = try await gatehouse.signIn.submit(form, browser: visitor.browser)
        return try await answer(outcome, from: (token, username), visitor, context)
    }

    /// The response to a sign-in by any method; it shares the window if the sign-in is for an authorization.
    func answer(
        _ outcome: SignInEndpoint.Outcome, from form: (token: String, username: String), _ visitor: Visitor,
        _ context: WebContext
    ) async throws -> Response {
        let response = try await present(outcome, from: form, visitor, context)
        return outcome.isOfAuthorization ? response.inSharedWindow() : response
    }

    private var door: SignInDoor { SignInDoor(gatehouse: gatehouse, pipeline: pipeline) }

    /// The response to a sign-in. A wrong username and a wrong password get the same 401, and a throttled attempt gets 429.
    private func present(
        _ outcome: SignInEndpoint.Outcome, from form: (token: String, username: String), _ visitor: Visitor,
        _ context: WebContext
    ) async throws -> Response {
        switch outcome {
        case .signedIn(let cookie, let next):
            let response =
                switch next {
                case .authorization(let outcome): try await present(outcome, afterForm: true, context)
                case .elicitation(let id): Response.seeOther(gatehouse.settings.issuer.endpoint("/e/\(id)"))
                case .device(let code): DeviceHandlers.entry(of: code, gatehouse)
                case .account(let user): try account(user, visitor)
                }
            return visitor.addingCookie(to: response).setting(cookie: Visitor.signedIn(cookie, rules: pipeline.cookies))
        case .wrong(let prompt):
            let page = SignInPage(
                prompt, token: form.token, username: form.username,
                problem: "The username or the password is incorrect. Try again.")
            return try await door.html(page, status: .unauthorized, choosesPassword: true)
        case .wait(let seconds, let prompt):
            let page = SignInPage(
                prompt, token: form.token, username: form.username,
                problem: PlainText("Too many attempts. Wait \(WaitingTime.words(seconds)), then try again."))
            var response = try await door.html(page, status: .tooManyRequests, choosesPassword: true)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        case .outdated(let prompt, let token, let hint):
            let page = SignInPage(outdated: prompt, token: token, hint: hint, cameWithCookie: visitor.newCookie == nil)
            return visitor.addingCookie(to: try await door.html(page, status: .badRequest))
        case .expired(let back): return visitor.addingCookie(to: pipeline.answers.expired(back: back, context: context))
        case .moved(.authorization(let outcome)):
            return visitor.addingCookie(to: try await present(outcome, afterForm: true, context))
        case .moved(.elicitation(let id)):
            return visitor.addingCookie(to: .seeOther(gatehouse.settings.issuer.endpoint("/e/\(id)")))
        case .moved(.device(let code)): return visitor.addingCookie(to: DeviceHandlers.entry(of: code, gatehouse))
        case .moved(.account):
            return visitor.addingCookie(to: .seeOther(gatehouse.settings.issuer.endpoint("/account")))
        case .invalid:
            pipeline.answers.log.refused("the sign-in form is unreadable", status: .badRequest, context)
            let page = ErrorPage(
                title: "Sign-in failed",
                explanation: "Gatehouse cannot read the form that your browser sent, and ignored what you typed.",
                advice: "Return to the app and start again.", reference: context.reference)
            return visitor.addingCookie(to: pipeline.answers.html(page, status: .badRequest))
        }
    }

    /// A redirect to the account page. After a sign-in for an action, a notice asks the user to repeat the action.
    private func account(_ user: UserID?, _ visitor: Visitor) throws -> Response {
        guard let user else { return .seeOther(gatehouse.settings.issuer.endpoint("/account")) }
        let notice = "You signed in again. Nothing changed yet: repeat the action that you wanted."
        return try gatehouse.toAccount(notice: notice, user, visitor)
    }

    /// The response to an outcome of an authorization request. After a form, another origin is reached through a page instead of a
    /// redirect, because the policy `form-action` blocks the redirect.
    private func present(
        _ outcome: AuthorizeOutcome, afterForm: Bool, _ context: WebContext
    ) async throws -> Response {
        switch outcome {
        case .signIn(let prompt):
            return try await door.html(SignInPage(prompt))
        case .consent(let id):
            return .seeOther(gatehouse.settings.issuer.endpoint("/consent?interaction=\(id)"))
        case .refused(.page(let error)):
            pipeline.answers.logRefusal(error, context)
            return pipeline.answers.page(for: error, context: context)
        case .refused(.noAccess(let refusal)): return pipeline.answers.noAccess(refusal, context)
        case .refused(.redirect(let location, let error)):
            // A redirect to an app's own scheme needs a click: only the user sees which app the device offers.
            let isPressed = LinkTarget(location).map(\.isOwnScheme) ?? true
            let isPage = afterForm || isPressed
            pipeline.answers.logRefusal(error, context, status: isPage ? .ok : .seeOther)
            return isPage ? try pipeline.handOff(to: location, .denied) : .seeOther(location)
        case .refused(.link(let location, let error)):
            pipeline.answers.logRefusal(error, context)
            guard let target = LinkTarget(location) else { return pipeline.answers.page(for: error, context: context) }
            return pipeline.answers.html(
                ReturnPage(
                    to: target, explanation: PlainText(error.description, limit: 500),
                    reference: PlainText(verbatim: context.reference)),
                status: .badRequest)
        }
    }
}
