import AuthorizationServer
import OAuth

extension AccountNotice {
    /// What the page says of it, names included. They are cleaned before they stand in a sentence.
    var sentence: String {
        switch self {
        case .sessionEnded(let client, let server):
            "Gatehouse revoked the access of \(Self.name(client)) to \(Self.name(server))."
        case .sessionWasOver(let client, let server):
            "The session of \(Self.name(client)) at \(Self.name(server)) had already ended. Nothing changed."
        case .sessionsEnded(0): "You had no connected apps. Nothing changed."
        case .sessionsEnded(1): "Gatehouse revoked 1 session. You have no connected apps."
        case .sessionsEnded(let count): "Gatehouse revoked \(count) sessions. You have no connected apps."
        case .jobEnded(let server):
            "Gatehouse cancelled the background job of \(Self.name(server))."
        case .disconnected(let provider, let server, .taken):
            "Gatehouse disconnected your account at \(provider) from \(Self.name(server)) and revoked the access there."
        case .disconnected(let provider, let server, _):
            "Gatehouse disconnected your account at \(provider) from \(Self.name(server)) and deleted its tokens, but "
                + "\(provider) did not confirm it: remove the access in the settings of your account at \(provider) as well."
        case .wasDisconnected(let provider, let server):
            "Your account at \(provider) was already disconnected from \(Self.name(server)). Nothing changed."
        case .passwordChanged(nil): "You changed your password. Your apps keep their access, and your other browsers stay signed in."
        case .passwordChanged(let count?):
            "You changed your password. Gatehouse revoked \(Self.sessions(count)) and signed out every other browser."
        case .signedOut: "You are signed out in this browser. Connected apps keep their access until you revoke it."
        case .signedOutEverywhere:
            "You are signed out in every browser. Connected apps keep their access until you revoke it."
        }
    }

    private static func sessions(_ count: Int) -> String { count == 1 ? "1 session" : "\(count) sessions" }

    private static func name(_ text: String) -> PlainText {
        let shown = PlainText(text, limit: 80)
        return shown.isEmpty ? "(no name)" : shown
    }
}

extension AccountActionError {
    /// Where nothing but the password is at fault, its own section says it.
    var sentence: PlainText? {
        switch self {
        case .stale: "Nothing changed: you signed in again after this page opened. Review the page, then try again."
        case .noStep: "Nothing changed. Press one of the buttons."
        case .unknown: "Nothing changed: the access has already ended, or it is not yours."
        case .password: nil
        }
    }

    var passwordSentence: PlainText? {
        guard case .password(let fault) = self else { return nil }
        return switch fault {
        case .wrong: "The current password is incorrect. Nothing changed."
        case .differs: "The two new passwords differ. Nothing changed."
        case .tooShort:
            PlainText("The new password needs at least \(PasswordRule.shortest) characters. Nothing changed.")
        case .unusable: "The new password is too long or contains control characters. Nothing changed."
        case .same: "The new password equals the current one. Nothing changed."
        case .wait(let seconds):
            PlainText("Nothing changed. Wait \(WaitingTime.words(seconds)), then try again.")
        case .meanwhile: "Your password changed at the same time in another place. Check whether that was you."
        }
    }
}

extension AccountPage {
    /// The page for what `overview` says.
    init(_ overview: AccountOverview, notice: String? = nil, problem: AccountActionError? = nil) {
        self.init(
            account: overview.username, token: overview.token, notice: notice, problem: problem?.sentence,
            passwordProblem: problem?.passwordSentence, isFresh: overview.isFresh,
            questions: overview.open.map { Question($0) }, sessions: overview.sessions.items.map { SessionRow($0) },
            sessionPages: Pager(after: overview.sessions.more?.string, isFirst: overview.sessions.isFirst),
            jobs: overview.jobs.map { JobRow($0) }, hasMoreJobs: overview.hasMoreJobs,
            connections: overview.connections.map { ConnectionRow($0) },
            answers: overview.past.items.map { Answer($0) },
            answerPages: Pager(after: overview.past.more?.string, isFirst: overview.past.isFirst))
    }
}

extension AccountPage.Server {
    fileprivate init(_ server: AccountOverview.Server) {
        self.init(name: server.name, identifier: server.identifier.string, owner: server.owner)
    }
}

extension AccountPage.SessionRow {
    fileprivate init(_ session: AccountOverview.LiveSession) {
        self.init(
            id: session.id.string, app: .init(name: session.app.name, host: session.app.host),
            server: .init(session.server), scopes: session.scopes, since: session.since.shown,
            lastUsed: session.lastUsedAt?.shown ?? "not yet", ends: session.endsAt.shown,
            endsUnused: session.endsUnusedAt?.shown)
    }
}

extension AccountPage.JobRow {
    fileprivate init(_ job: AccountOverview.OpenJob) {
        self.init(
            id: job.id.string, server: .init(job.server), app: .init(name: job.app.name, host: job.app.host),
            purpose: job.purpose, actions: job.actions.map(\.string), since: job.since.shown, ends: job.endsAt.shown)
    }
}

extension AccountPage.ConnectionRow {
    fileprivate init(_ connection: AccountOverview.LiveConnection) {
        self.init(
            id: connection.id.string, provider: connection.provider.string, server: .init(connection.server),
            rights: connection.scope.scopes.map(\.string), since: connection.since.shown)
    }
}

extension AccountPage.Question {
    fileprivate init(_ asked: AccountOverview.Asked) {
        self.init(
            page: asked.page.string, server: .init(asked.server), through: asked.app?.name ?? "", words: asked.text,
            until: asked.until.shown)
    }
}

extension AccountPage.Answer {
    fileprivate init(_ asked: AccountOverview.Asked) {
        self.init(
            server: .init(asked.server), words: asked.text, asked: asked.at.shown, outcome: asked.outcome,
            isYes: asked.status == .completed)
    }
}

extension AccountOverview.Asked {
    /// How it ended, in the words of its own page.
    fileprivate var outcome: PlainText {
        switch status {
        case .completed: PlainText(completedWord)
        case .declined: "Declined"
        case .cancelled: "Cancelled"
        case .expired: "Expired"
        case .failed: "Failed"
        case .pending, .opened: "Open"
        }
    }
}
