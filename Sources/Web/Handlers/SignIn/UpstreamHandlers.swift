import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of sign-in at identity providers.
struct UpstreamHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The routes of sign-in at identity providers.
    var routes: [Route] {
        [
            .form("/sign-in", window: .told, begin),
            .page("/sign-in/{provider}/callback", window: .told, finish),
            // Identity providers know the issuer alone, so the hosts that MCP servers use do not serve it.
            .server(.post, "/sign-in/{provider}/logout", .form(), logout).onBackChannel(false),
            .page("/account/sign-in", show).onlyReading(),
            .form("/account/sign-in", act),
        ] + SignOutHandlers(gatehouse: gatehouse, pipeline: pipeline).routes
    }

    /// `POST /sign-in`: sends the browser to the identity provider of the pressed button, or of the typed address.
    private func begin(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body, longestValue: SignInEndpoint.longestToken)
        let token = try form.value("interaction") ?? ""
        switch try await gatehouse.namedSignIn.begin(form, browser: visitor.browser) {
        case .upstream(let outcome)?:
            return visitor.addingCookie(to: try await present(outcome, token: token, visitor, context))
        case .page(let prompt, let name, let choosesPassword)?:
            return visitor.addingCookie(to: try await ask(for: name, prompt, token, choosesPassword))
        case nil:
            let outcome = try await gatehouse.upstreamSignIn.begin(form, browser: visitor.browser)
            return visitor.addingCookie(to: try await present(outcome, token: token, visitor, context))
        }
    }

    /// The page again after a name that leads to no provider: it asks for the password, where there are passwords.
    private func ask(
        for name: String, _ prompt: SignInEndpoint.Prompt, _ token: String, _ choosesPassword: Bool
    ) async throws -> Response {
        let isDeadEnd = !gatehouse.settings.signIn.password || (name.isEmpty && !choosesPassword)
        let problem: PlainText? = isDeadEnd ? "No identity provider belongs to this address. Choose another way." : nil
        let page = SignInPage(prompt, token: token, username: name.isEmpty ? nil : name, problem: problem)
        let response = try await SignInDoor(gatehouse: gatehouse, pipeline: pipeline)
            .html(page, status: isDeadEnd ? .badRequest : .ok, choosesPassword: choosesPassword)
        return prompt.purpose == .authorization ? response.inSharedWindow() : response
    }

    /// `GET /sign-in/{provider}/callback`: signs the user in, and goes on with the request that waited.
    private func finish(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let query = try OAuth.Parameters(query: request.uri.query ?? "")
        let outcome = try await gatehouse.upstreamSignIn.finish(
            context.parameter("provider"), query, browser: visitor.browser)
        return visitor.addingCookie(to: try await present(outcome, token: "", visitor, context))
    }

    private func present(
        _ outcome: UpstreamSignIn.Outcome, token: String, _ visitor: Visitor, _ context: WebContext
    ) async throws -> Response {
        switch outcome {
        case .leaving(let address, let isOfAuthorization):
            let response = try leave(to: address)
            return isOfAuthorization ? response.inSharedWindow() : response
        case .page(let outcome):
            return try await AuthorizeHandlers(gatehouse: gatehouse, pipeline: pipeline)
                .answer(outcome, from: (token, ""), visitor, context)
        case .refused(let problem, let provider, let prompt, let token):
            let page = SignInPage(prompt, token: token, username: nil, problem: problem.sentence(at: provider))
            let response = try await SignInDoor(gatehouse: gatehouse, pipeline: pipeline)
                .html(page, status: problem.httpStatus)
            return prompt.purpose == .authorization ? response.inSharedWindow() : response
        case .notYours: return notYours(context)
        case .notTaken(let problem, let provider):
            return AccountLinkHandlers(gatehouse: gatehouse, pipeline: pipeline).notTaken(
                problem, at: provider, context)
        case .linked(let user, let provider, let problem):
            let sentence =
                problem.map { "\($0.sentence(at: provider)) Nothing changed." }
                ?? "You can now sign in with your account at \(provider)."
            return try gatehouse.toAccount(notice: sentence, user, visitor)
        }
    }

    /// `POST /sign-in/{provider}/logout`: ends the browser logins that a logout token of the provider names.
    private func logout(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let form = try OAuth.Parameters(form: body, longestValue: BodyRule.standardLimit)
        try await gatehouse.upstreamLogout.end(
            context.parameter("provider"), form, address: pipeline.proxies.clientAddress(of: request, context: context),
            reference: context.reference)
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    /// `GET /account/sign-in`: the linked accounts.
    private func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let outcome = try await gatehouse.accountIdentities.show(browser: visitor.browser)
        return visitor.addingCookie(to: try await present(outcome, visitor))
    }

    /// `POST /account/sign-in`: links or unlinks an account.
    private func act(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try OAuth.Parameters(form: body)
        let outcome = try await gatehouse.accountIdentities.act(form, browser: visitor.browser)
        return visitor.addingCookie(to: try await present(outcome, visitor))
    }

    private func present(_ outcome: AccountIdentities.Outcome, _ visitor: Visitor) async throws -> Response {
        switch outcome {
        case .toAccount: return .seeOther(gatehouse.settings.issuer.endpoint("/account"))
        case .page(let view, let isLast):
            return pipeline.answers.html(
                IdentitiesPage(view, problem: isLast ? Self.last : nil), status: isLast ? .conflict : .ok)
        case .signInAgain(let token, let account):
            return try await SignInDoor(gatehouse: gatehouse, pipeline: pipeline).html(
                SignInPage(
                    client: nil, token: token, username: account,
                    problem: "This action requires a recent sign-in. Sign in again; nothing changed.",
                    isForAccount: true), status: .forbidden)
        case .leaving(let address): return try leave(to: address)
        case .unlinked(let provider, let user):
            return try gatehouse.toAccount(
                notice: "Your account at \(provider) no longer signs you in here.", user, visitor)
        case .loginEnded(let user):
            return try gatehouse.toAccount(notice: "The other browser is signed out.", user, visitor)
        }
    }

    private static let last: PlainText =
        "Nothing changed: without this account you could not sign in. Link another account or set a password first."

    /// The page that sends the browser to a provider.
    func leave(to address: String) throws -> Response {
        guard let target = LinkTarget(address) else {
            throw OAuthError(.serverError, "Gatehouse cannot open this site.", reason: "not a link target")
        }
        return pipeline.answers.html(HandOffPage(to: target, for: .errand))
    }

    /// One page for a foreign, an unknown and a forgotten state. It reveals nothing to a stranger, and it spends nothing.
    private func notYours(_ context: WebContext) -> Response {
        pipeline.answers.log.refused(
            "the identity provider's callback matches no sign-in of this browser", status: .forbidden, context)
        return pipeline.answers.html(
            ErrorPage(
                title: "Sign-in not available",
                explanation: "This browser did not start the sign-in, or the sign-in has ended. Nobody was signed in.",
                advice: "Return to the app or to the page that you came from, and start again in one browser.",
                reference: context.reference),
            status: .forbidden)
    }
}
