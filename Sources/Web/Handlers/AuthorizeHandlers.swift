import AuthorizationServer
import HTTPTypes
import Hummingbird
import JOSE
import OAuth

/// The way in: authorization requests and the sign-in form.
struct AuthorizeHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: RequestPipeline

    func query(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        try await begin(request.uri.query ?? "", request, context)
    }

    /// The form is taken as it stands: repaired bytes or parameters in two places would be another request than was sent.
    func form(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        guard request.uri.query == nil, let text = String(validating: body, as: UTF8.self) else {
            throw OAuthError(.invalidRequest, "Send all parameters in the form, as UTF-8, and none in the URL.")
        }
        return try await begin(text, request, context)
    }

    private func begin(_ text: String, _ request: Request, _ context: WebContext) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let outcome = try await gatehouse.authorize.begin(text, browser: visitor.browser)
        return visitor.greet(try present(outcome, afterForm: false, context))
    }

    func signIn(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let form = try OAuth.Parameters(form: body, longestValue: SignInEndpoint.longestToken)
        let token = try form.value("interaction") ?? ""
        let username = try form.value("username") ?? ""
        let outcome = try await gatehouse.signIn.submit(form, browser: visitor.browser)
        let response = try present(outcome, from: (token, username), visitor, context)
        return outcome.isOfAuthorization ? response.inSharedWindow() : response
    }

    private func present(
        _ outcome: SignInEndpoint.Outcome, from form: (token: String, username: String), _ visitor: Visitor,
        _ context: WebContext
    ) throws -> Response {
        switch outcome {
        case .signedIn(let cookie, let next):
            let response =
                switch next {
                case .authorization(let outcome): try present(outcome, afterForm: true, context)
                case .elicitation(let id): Response.seeOther(gatehouse.settings.issuer.endpoint("/e/\(id)"))
                case .account(let user): try account(user, visitor)
                }
            return visitor.greet(response).setting(cookie: Visitor.signedIn(cookie, rules: door.cookies))
        case .wrong(let prompt):
            let page = SignInPage(
                prompt, token: form.token, username: form.username,
                problem: "The username or the password is incorrect. Try again.")
            return door.answers.html(page, status: .unauthorized)
        case .wait(let seconds, let prompt):
            let page = SignInPage(
                prompt, token: form.token, username: form.username,
                problem: PlainText("Too many attempts. Wait \(WaitingTime.words(seconds)), then try again."))
            var response = door.answers.html(page, status: .tooManyRequests)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        case .outdated(let prompt, let token, let hint):
            let page = SignInPage(outdated: prompt, token: token, hint: hint, cameWithCookie: visitor.greeting == nil)
            return visitor.greet(door.answers.html(page, status: .badRequest))
        case .expired(let back): return visitor.greet(door.answers.expired(back: back, context: context))
        case .moved(.authorization(let outcome)):
            return visitor.greet(try present(outcome, afterForm: true, context))
        case .moved(.elicitation(let id)):
            return visitor.greet(.seeOther(gatehouse.settings.issuer.endpoint("/e/\(id)")))
        case .moved(.account): return visitor.greet(.seeOther(gatehouse.settings.issuer.endpoint("/account")))
        case .invalid:
            door.answers.log.refused("the sign-in form is unreadable", status: .badRequest, context)
            let page = ErrorPage(
                title: "Sign-in failed",
                explanation: "Gatehouse cannot read the form that your browser sent, and ignored what you typed.",
                advice: "Return to the app and start again.", reference: context.reference)
            return visitor.greet(door.answers.html(page, status: .badRequest))
        }
    }

    /// To one's own account; who was sent here for a step has to take it again.
    private func account(_ user: UserID?, _ visitor: Visitor) throws -> Response {
        guard let user else { return .seeOther(gatehouse.settings.issuer.endpoint("/account")) }
        let notice = "You signed in again. Nothing changed yet: repeat the action that you wanted."
        return try gatehouse.toAccount(telling: notice, user, visitor)
    }

    /// Shows what an authorization request has come to. After a form another origin is reached by a page, not a redirect.
    private func present(_ outcome: AuthorizeOutcome, afterForm: Bool, _ context: WebContext) throws -> Response {
        switch outcome {
        case .signIn(let prompt):
            return door.answers.html(SignInPage(prompt))
        case .consent(let id):
            return .seeOther(gatehouse.settings.issuer.endpoint("/consent?interaction=\(id)"))
        case .refused(.page(let error)):
            door.answers.note(error, context)
            return door.answers.page(for: error, context: context)
        case .refused(.redirect(let location, let error)):
            // An app's own scheme is never gone to unless the person presses the link.
            let isPressed = LinkTarget(location).map(\.isOwnScheme) ?? true
            let isPage = afterForm || isPressed
            door.answers.note(error, context, status: isPage ? .ok : .seeOther)
            return isPage ? try door.handOff(to: location, approved: false) : .seeOther(location)
        case .refused(.link(let location, let error)):
            door.answers.note(error, context)
            guard let target = LinkTarget(location) else { return door.answers.page(for: error, context: context) }
            return door.answers.html(
                ReturnPage(
                    to: target, explanation: PlainText(error.description, limit: 500),
                    reference: PlainText(verbatim: context.reference)),
                status: .badRequest)
        }
    }
}

extension SignInPage {
    /// The page for a request that waits.
    init(_ prompt: SignInPrompt) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: prompt.token, username: prompt.account ?? prompt.hint,
            notice: prompt.account == nil ? nil : Self.again)
    }

    private static let again: PlainText =
        "This request requires a recent sign-in. Sign in again to continue; Gatehouse keeps your request."

    /// The page again, for a form that came late or with another browser cookie than its page.
    fileprivate init(outdated prompt: SignInEndpoint.Prompt, token: String, hint: String?, cameWithCookie: Bool) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: token, username: hint,
            problem: cameWithCookie ? nil : Self.noCookie, notice: cameWithCookie ? Self.outdated : nil,
            isForAccount: prompt.isForAccount)
    }

    private static let outdated: PlainText =
        "The sign-in page was out of date, so Gatehouse ignored what you typed. Sign in here to continue."
    private static let noCookie: PlainText =
        "Your browser sent no cookie, so Gatehouse ignored what you typed. Allow cookies for this site, then sign in."

    /// The page again, for the same purpose.
    fileprivate init(_ prompt: SignInEndpoint.Prompt, token: String, username: String, problem: PlainText) {
        self.init(
            client: prompt.client.map { PlainText($0) }, token: token, username: username, problem: problem,
            isForAccount: prompt.isForAccount)
    }
}

extension Response {
    /// Spec: OAuth 2.1 §7.12.2
    static func seeOther(_ location: String) -> Response {
        Response(status: .seeOther, headers: [.location: location, .cacheControl: "no-store"])
    }
}

extension RequestPipeline {
    /// The page that leads on to the client with its answer.
    func handOff(to location: String, approved: Bool) throws -> Response {
        guard let target = LinkTarget(location) else {
            throw OAuthError(.serverError, "The answer cannot be handed over.", reason: "not a link target")
        }
        return answers.html(HandOffPage(to: target, title: approved ? "Access approved" : "Return to the app"))
    }
}
