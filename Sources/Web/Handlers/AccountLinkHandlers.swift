import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of the page on which the holder of a one-time link takes an account.
struct AccountLinkHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// The routes of the page and of its form.
    var routes: [Route] {
        [.page("/invitations/{secret}", show), .form("/invitations/{secret}", submit)]
    }

    /// `GET /invitations/{secret}`: the form, which changes nothing and needs no cookie.
    private func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let secret = context.parameter("secret")
        switch try await gatehouse.accountLinks.show(secret) {
        case .form(let account):
            if let invitation = InvitationPage(account, secret: secret) { return page(invitation) }
            return page(AccountLinkPage(account, secret: secret))
        case .refused(let refusal): return self.refusal(refusal, context)
        }
    }

    /// `POST /invitations/{secret}`: sets the password, or sends the browser to the identity provider of the link.
    private func submit(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let secret = context.parameter("secret")
        let visitor = Visitor(request, context, pipeline: pipeline)
        switch try await gatehouse.invitedSignIn.begin(secret, browser: visitor.browser) {
        case .leaving(let address):
            let response = try UpstreamHandlers(gatehouse: gatehouse, pipeline: pipeline).leave(to: address)
            return visitor.addingCookie(to: response)
        case .refused(let refusal): return self.refusal(refusal, context)
        case .setsPassword: break
        }
        let form = try OAuth.Parameters(form: body)
        switch try await gatehouse.accountLinks.submit(form, to: secret, browser: visitor.browser) {
        case .done: return pipeline.answers.html(PasswordSetPage())
        case .again(let account, let problem):
            let page = AccountLinkPage(account, secret: secret, problem: problem)
            guard case .wait(let seconds) = problem else { return self.page(page, status: .badRequest) }
            var response = self.page(page, status: .tooManyRequests)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        case .refused(let refusal): return self.refusal(refusal, context)
        }
    }

    /// The page with a referrer policy that never sends its address: the access log of a proxy would keep the secret. Browsers
    /// still send the origin, which the form needs.
    private func page(_ page: some Page, status: HTTPResponse.Status = .ok) -> Response {
        var response = pipeline.answers.html(page, status: status)
        response.headers[FieldNames.referrerPolicy] = "strict-origin"
        return response
    }

    /// The page after a sign-in at an identity provider that took no link.
    func notTaken(_ problem: UpstreamProblem, at provider: ProviderName, _ context: WebContext) -> Response {
        if case .link(let refusal) = problem { return self.refusal(refusal, context) }
        return pipeline.answers.html(
            ErrorPage(
                title: "Nothing changed", explanation: problem.sentence(at: provider),
                advice: PlainText(
                    "To try again, open your link again. If \(provider) chose the wrong account, sign out there first."),
                reference: context.reference),
            status: problem.httpStatus)
    }

    private func refusal(_ refusal: AccountLinkEndpoint.Refusal, _ context: WebContext) -> Response {
        pipeline.answers.log.refused(refusal.cause, status: refusal.status, context)
        return pipeline.answers.html(refusal.page(reference: context.reference), status: refusal.status)
    }
}

extension AccountLinkEndpoint.Refusal {
    var status: HTTPResponse.Status {
        switch self {
        case .used, .expired: .gone
        case .invalid: .notFound
        }
    }

    /// The cause for the log.
    fileprivate var cause: String {
        switch self {
        case .used: "the one-time link was already used"
        case .expired: "the one-time link has expired"
        case .invalid: "the one-time link is not valid"
        }
    }

    /// The page tells a user whose link somebody else has used, so that the user can report it.
    fileprivate func page(reference: String) -> ErrorPage {
        switch self {
        case .used(let time, let provider):
            ErrorPage(
                title: "Link already used",
                explanation: PlainText("Somebody \(Self.deed(through: provider)) with this link at \(time.shown)."),
                advice: PlainText(
                    "If that was you, sign in with this \(provider == nil ? "password" : "account"). If it was not you, tell your "
                        + "administrator at once: an administrator can reset the account."),
                reference: reference)
        case .expired:
            ErrorPage(
                title: "Link expired", explanation: "This link has expired. Nobody used it.",
                advice: "Ask your administrator for a new link.", reference: reference)
        case .invalid:
            ErrorPage(
                title: "Link not valid", explanation: "This link is not valid, or a newer one has replaced it.",
                advice:
                    "Check that you opened the whole link of the latest message, or ask your administrator for a new one.",
                reference: reference)
        }
    }

    private static func deed(through provider: ProviderName?) -> String {
        provider.map { "took this account by an account at \($0)" } ?? "set the password of this account"
    }
}
