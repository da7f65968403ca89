import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// Handlers of the consent page and of the decision on it.
struct ConsentHandlers: Sendable {
    let gatehouse: Gatehouse
    let pipeline: RequestPipeline

    /// `GET /consent`: the consent page. An answered request shows its answer again for a moment, so that a double submit is harmless.
    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        guard let id = try parameters.value("interaction").flatMap({ InteractionID($0) }) else {
            return notYours(context)
        }
        switch try await gatehouse.consent.show(id, browser: visitor.browser) {
        case .ask(let asked): return page(asked)
        case .noAccess(let refusal, let back): return try noAccess(refusal, back, context)
        case .answered(let destination, let decision): return try handOff(to: destination, decision)
        case .finished: return finished()
        case .expired(let back): return expired(back, context)
        case .signIn(let prompt): return try await door.html(SignInPage(prompt), status: .forbidden)
        case .notYours: return notYours(context)
        }
    }

    private var door: SignInDoor { SignInDoor(gatehouse: gatehouse, pipeline: pipeline) }

    /// `POST /consent`: approves or denies the request, or switches the account. The token of the page prevents cross-site request
    /// forgery, and it lists the sessions that the page offered to replace.
    func decide(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, pipeline: pipeline)
        let form = try ConsentForm(OAuth.Parameters(form: body))
        switch try await gatehouse.consent.decide(form, browser: visitor.browser) {
        case .handOff(let destination, let decision): return try handOff(to: destination, decision)
        case .again(let asked, let problem): return page(asked, problem: problem)
        case .noAccess(let refusal, let back): return try noAccess(refusal, back, context)
        case .signInAgain(let prompt), .switchAccount(let prompt): return try await door.html(SignInPage(prompt))
        case .finished: return finished()
        case .expired(let back): return expired(back, context)
        case .signIn(let prompt):
            return try await door.html(SignInPage(prompt), status: .forbidden)
        case .notYours: return notYours(context)
        }
    }

    /// The answer to a user whom the access rule keeps out: the way back to a client that may learn it, or a page.
    private func noAccess(_ refusal: NoAccess, _ back: String?, _ context: WebContext) throws -> Response {
        guard let back else { return pipeline.answers.noAccess(refusal, context) }
        return try pipeline.handOff(to: back, .denied)
    }

    /// The page that brings the decision to the client, or for a device the page that ends the request.
    private func handOff(
        to destination: ConsentEndpoint.Destination, _ decision: ConsentEndpoint.Decision
    ) throws -> Response {
        switch destination {
        case .client(let location): try pipeline.handOff(to: location, decision)
        case .device: pipeline.answers.html(DeviceEndPage(decision == .approved ? .approved : .denied))
        }
    }

    /// The page for a request that nobody decided in time.
    private func expired(_ back: ConsentEndpoint.Destination?, _ context: WebContext) -> Response {
        switch back {
        case .client(let location): pipeline.answers.expired(back: location, context: context)
        case .device: pipeline.answers.html(DeviceEndPage(.expired), status: .gone)
        case nil: pipeline.answers.expired(back: nil, context: context)
        }
    }

    /// The page for a request that is already answered, with 409.
    private func finished() -> Response {
        pipeline.answers.html(FinishedPage(), status: .conflict)
    }

    /// One page for a foreign, an unknown and an expired request, so that it reveals nothing to a stranger.
    private func notYours(_ context: WebContext) -> Response {
        pipeline.answers.log.refused(
            "the authorization belongs to another browser or account, has ended, or does not exist", status: .forbidden,
            context
        )
        return pipeline.answers.html(
            ErrorPage(
                title: "Request not available",
                explanation: "This browser did not start the request, or the request has ended.",
                advice: "Return to the app and start again.", reference: context.reference),
            status: .forbidden
        ).inOwnWindow()
    }

    /// The consent page; with a problem it has the status 400.
    private func page(_ asked: ConsentRequest, problem: ConsentEndpoint.ConsentProblem? = nil) -> Response {
        pipeline.answers.html(
            ConsentPage(asked, problem: problem.map(Self.sentence)), status: problem == nil ? .ok : .badRequest)
    }

    private static func sentence(_ problem: ConsentEndpoint.ConsentProblem) -> PlainText {
        switch problem {
        case .noScope: ConsentPage.chooseAtLeastOne
        case .noLifetime: "Choose a session length."
        case .notOffered: "That session length is not available. Choose one of the lengths below."
        case .noDecision: "Press Approve or Deny."
        case .outdated: "This page was open for more than ten minutes. Review the request, then decide."
        }
    }
}
