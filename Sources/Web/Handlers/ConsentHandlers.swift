import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// The checkpoint's page: shows the request and takes the decision.
struct ConsentHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: RequestPipeline

    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let parameters = try OAuth.Parameters(query: request.uri.query ?? "")
        guard let id = try parameters.value("interaction").flatMap({ InteractionID($0) }) else {
            return notYours(context)
        }
        switch try await gatehouse.consent.show(id, browser: visitor.browser) {
        case .ask(let asked): return page(asked)
        case .answered(let location, let approved): return try door.handOff(to: location, approved: approved)
        case .finished: return finished()
        case .expired(let back): return door.answers.expired(back: back, context: context)
        case .signIn(let prompt): return door.answers.html(SignInPage(prompt), status: .forbidden)
        case .notYours: return notYours(context)
        }
    }

    func decide(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let form = try OAuth.Parameters(form: body)
        let decision = ConsentEndpoint.Decision(
            token: try form.value("token") ?? "", decision: try form.value("decision") ?? "",
            scopes: form.values("scope"), lifetime: try form.value("lifetime") ?? "",
            replaces: form.values("replace"))
        switch try await gatehouse.consent.decide(decision, browser: visitor.browser) {
        case .handOff(let location, let approved): return try door.handOff(to: location, approved: approved)
        case .again(let asked, let problem): return page(asked, problem: problem)
        case .signInAgain(let prompt), .switchAccount(let prompt): return door.answers.html(SignInPage(prompt))
        case .finished: return finished()
        case .expired(let back): return door.answers.expired(back: back, context: context)
        case .signIn(let prompt):
            return door.answers.html(SignInPage(prompt), status: .forbidden)
        case .notYours: return notYours(context)
        }
    }

    private func finished() -> Response {
        door.answers.html(FinishedPage(), status: .conflict)
    }

    /// One answer for a foreign, an unknown and a lost request: it tells a stranger nothing.
    private func notYours(_ context: WebContext) -> Response {
        door.answers.log.refused(
            "the authorization belongs to another browser or account, has ended, or does not exist", status: .forbidden, context
        )
        return door.answers.html(
            ErrorPage(
                title: "Request not available",
                explanation: "This browser did not start the request, or the request has ended.",
                advice: "Return to the app and start again.", reference: context.reference),
            status: .forbidden
        ).inOwnWindow()
    }

    private func page(_ asked: ConsentRequest, problem: ConsentEndpoint.ConsentProblem? = nil) -> Response {
        door.answers.html(
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

extension ConsentPage {
    /// The page for what `asked` says; what is new stands apart once there is something it can stand apart from.
    init(_ asked: ConsentRequest, problem: PlainText?) {
        let isTicked = { (scope: String) in asked.kept.map { $0.scopes.contains(scope) } ?? true }
        // What was chosen before a sign-in, unless the MCP server's policy has come to forbid it meanwhile.
        let chosen = asked.terms.choices.first { Lifetime.text($0) == asked.kept?.lifetime } ?? asked.terms.preselected
        let choices = asked.scopes.map { asked in
            (isNew: asked.isNew, choice: ScopeChoice(asked, isTicked: isTicked(asked.scope.string)))
        }
        self.init(
            client: Client(name: asked.clientName, host: asked.clientHost, hasChanged: asked.hasChanged),
            destination: Destination(
                host: asked.redirect.place, isLoopback: asked.redirect.isLoopback,
                isLoopbackOnly: asked.isLoopbackOnly, isOwnScheme: asked.redirect.ownScheme != nil),
            resource: Resource(
                name: asked.resource.name, identifier: asked.resource.identifier.string, owner: asked.resource.owner),
            scopes: choices.filter { !asked.isStepUp || !$0.isNew }.map(\.choice),
            newScopes: choices.filter { asked.isStepUp && $0.isNew }.map(\.choice),
            lifetimes: asked.terms.choices.map { seconds in
                LifetimeChoice(
                    value: Lifetime.text(seconds), label: PlainText(Self.words(seconds)),
                    detail: Self.detail(seconds, among: asked.terms.choices),
                    isChosen: seconds == chosen)
            },
            account: asked.username,
            replacements: asked.replaceable.map {
                Replacement(
                    session: $0.id.string, since: $0.createdAt.shownToTheSecond, place: $0.place,
                    isTicked: asked.isTicked($0))
            },
            token: asked.token, problem: problem)
    }

    private static func words(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")]
        for (length, name) in units
        where seconds >= length && seconds % length == 0 && !(name == "day" && seconds == length) {
            let count = seconds / length
            return "\(count) \(name)\(count == 1 ? "" : "s")"
        }
        return "\(seconds) seconds"
    }

    private static func detail(_ seconds: Int64, among choices: [Int64]) -> PlainText? {
        switch seconds {
        case 3600: "this task"
        case 43_200: "today"
        case choices.max(): "the maximum"
        default: nil
        }
    }
}

extension ConsentPage.ScopeChoice {
    /// The box for what is asked.
    fileprivate init(_ asked: ConsentRequest.RequestedScope, isTicked: Bool) {
        self.init(
            value: asked.scope.string, description: asked.description, isTicked: isTicked,
            tools: asked.tools.map(\.string),
            included: asked.included.map {
                .init(value: $0.scope.string, description: $0.description, tools: $0.tools.map(\.string))
            }, isPartOf: asked.isPartOf)
    }
}
