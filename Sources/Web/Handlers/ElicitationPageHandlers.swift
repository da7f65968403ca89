import AuthorizationServer
import HTTPTypes
import Hummingbird
import OAuth

/// The page on which a person answers an MCP server.
struct ElicitationPageHandlers: Sendable {
    let gatehouse: Gatehouse
    let door: FrontDoor

    func show(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let view = try await gatehouse.elicitationPage.show(context.parameter("id"), browser: visitor.browser)
        return visitor.greet(try present(view, context))
    }

    func decide(_ request: Request, _ context: WebContext, _ body: [UInt8]) async throws -> Response {
        let visitor = Visitor(request, context, door: door)
        let form = try OAuth.Parameters(form: body, longestValue: BodyRule.standardLimit)
        let view = try await gatehouse.elicitationPage.decide(
            context.parameter("id"), token: try form.value("token") ?? "", decision: try form.value("decision") ?? "",
            form: form, browser: visitor.browser)
        return visitor.greet(try present(view, context))
    }

    private func present(_ view: ElicitationPageEndpoint.View, _ context: WebContext) throws -> Response {
        switch view {
        case .signIn(let token): return door.answers.html(SignInPage(client: nil, token: token))
        case .signInAgain(let token, let account):
            return door.answers.html(
                SignInPage(
                    client: nil, token: token, username: account,
                    problem: "Your sign-in is a while ago. Sign in once more to go on; nothing was sent."))
        case .ask(let question): return door.answers.html(ElicitationPage(question))
        case .again(let question, let problem):
            return door.answers.html(ElicitationPage(question, problem: Self.sentence(problem)), status: .badRequest)
        case .correct(let question, let filled): return correct(question, filled)
        case .over(let end): return door.answers.html(ElicitationEndPage(end), status: end.httpStatus)
        case .onward(let address, let comesBack):
            guard let target = LinkTarget(address) else {
                throw OAuthError(.serverError, "This site cannot be reached.", reason: "not a link target")
            }
            return door.answers.html(HandOffPage(to: target, for: comesBack ? .errand : .elsewhere))
        case .notYours(let stranger):
            door.answers.log.refused(
                "opened with another account", status: .forbidden, context,
                ["elicitation": stranger.elicitation?.string ?? "unknown"])
            return door.answers.html(
                OtherAccountPage(account: stranger.account, token: stranger.token), status: .forbidden)
        }
    }

    private func correct(_ question: ElicitationQuestion, _ filled: FilledForm) -> Response {
        let (sentence, status, wait): (PlainText, HTTPResponse.Status, Int64?) =
            switch filled.notice {
            case .fields: ("Nothing was sent yet. Look at the fields that are marked.", .badRequest, nil)
            case .ownPassword: ("That was your Gatehouse password. Nothing was sent or kept.", .badRequest, nil)
            case .wait(let seconds):
                (
                    PlainText("Nothing was sent yet. Please wait \(seconds) seconds and try again."),
                    .tooManyRequests, seconds
                )
            }
        var response = door.answers.html(
            ElicitationPage(question, filled: filled, problem: sentence), status: status)
        response.headers[.retryAfter] = wait.map(String.init)
        return response
    }

    private static func sentence(_ problem: ElicitationPageEndpoint.Problem) -> PlainText {
        switch problem {
        case .stale: "You signed in anew since this page was opened. Look at it again, then decide."
        case .noDecision: "Use one of the two buttons: approve or decline."
        case .isThere: "You went on to the other site before. Finish there."
        }
    }
}

extension ElicitationPage {
    /// The page for what `question` says.
    init(_ question: ElicitationQuestion, filled: FilledForm? = nil, problem: PlainText? = nil) {
        let asker = question.asker
        self.init(
            server: Server(
                name: asker.name, host: asker.identifier.host, identifier: asker.identifier.string, owner: asker.owner),
            client: Client(
                name: question.through.name, host: question.through.host, since: question.through.since.shown),
            account: question.username, message: question.message, action: Action(question.ask),
            destination: Destination(question),
            secret: SecretFields(question.ask, filled: filled),
            connection: question.connection.map { connection in
                Connection(
                    provider: connection.provider.string, host: connection.host,
                    scopes: connection.scope.scopes.map(\.string))
            }, until: question.expiresAt.shown, id: question.page.string, token: question.token, problem: problem)
    }
}

extension ElicitationPage.Action {
    fileprivate init?(_ ask: ElicitationAsk) {
        guard case .confirm(let action) = ask else { return nil }
        self.init(
            name: action.name, summary: action.summary,
            details: action.details.map { ElicitationPage.Detail(label: $0.label, value: $0.value) },
            arguments: action.arguments)
    }
}

extension ElicitationEndPage {
    /// The page for what became of an elicitation.
    init(_ end: ElicitationEnd) {
        let (title, explanation) = Self.words(end)
        self.init(
            title: title, explanation: PlainText(explanation, limit: 400),
            advice: PlainText("You can close this window and go back to \(end.through).", limit: 300),
            isApproval: end.isJustNow && end.status == .completed)
    }

    private static func words(_ end: ElicitationEnd) -> (PlainText, String) {
        let asker = end.asker
        if end.kind == .secret { return secretWords(end) }
        if let provider = end.provider { return words(end, provider) }
        if end.kind == .external { return externalWords(end) }
        return switch (end.status, end.isJustNow) {
        case (.completed, true): ("Approved", "\(asker) is told that you approved this one action.")
        case (.declined, true): ("Declined", "\(asker) is told that you declined. Nothing was approved.")
        case (.completed, false):
            ("Already approved", "You approved this before. Opening or sending it again changed nothing.")
        case (.declined, false):
            ("Already declined", "You declined this before. Opening or sending it again changed nothing.")
        case (.expired, _):
            ("Too late", "The time for an answer is over. Nothing was approved; \(asker) can ask again.")
        case (.cancelled, _): ("No longer asked", "\(asker) no longer waits for this answer. Nothing was approved.")
        default: ("This did not work", "The request of \(asker) failed. Nothing was approved.")
        }
    }

    private static func words(_ end: ElicitationEnd, _ provider: String) -> (PlainText, String) {
        let asker = end.asker
        return switch (end.status, end.isJustNow) {
        case (.completed, true): ("Connected", "\(asker) may use your account at \(provider) from now on.")
        case (.declined, true): ("Declined", "\(asker) is told that you declined. Nothing was connected.")
        case (.completed, false): ("Already connected", "You connected this before. Coming again changed nothing.")
        case (.declined, false): ("Already declined", "You declined this before. Coming again changed nothing.")
        case (.expired, _): ("Too late", "The time for this is over. Nothing was connected; \(asker) can ask again.")
        case (.cancelled, _): ("No longer asked", "\(asker) no longer waits for this. Nothing was connected.")
        case (.failed, _) where end.isScopeExceeded: ("Not connected", exceeded(end, provider))
        default: ("This did not work", failed(end, provider))
        }
    }
}

extension ElicitationEndPage {
    private static func failed(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact = "Your account at \(provider) could not be connected; \(end.asker) can ask again."
        guard end.isTokenRevoked == false else { return fact }
        return "\(fact) Gatehouse kept nothing. Remove its access in the settings of your account at \(provider)."
    }

    /// What a person can do about access that was granted and must not be used.
    private static func exceeded(_ end: ElicitationEnd, _ provider: String) -> String {
        let fact = "\(provider) granted more access than \(end.asker) may have, so your account was not connected."
        return switch end.isTokenRevoked {
        case true?: "\(fact) Gatehouse kept nothing and revoked the access at \(provider)."
        case false?: "\(fact) Gatehouse kept nothing. Remove its access in the settings of your account at \(provider)."
        case nil: "\(fact) Gatehouse kept nothing."
        }
    }
}

extension ElicitationEnd {
    /// A decision that counts is fine; what comes after it is a conflict, what comes too late is gone.
    var httpStatus: HTTPResponse.Status {
        if isJustNow { return .ok }
        return switch status {
        case .completed, .declined: .conflict
        default: .gone
        }
    }
}
