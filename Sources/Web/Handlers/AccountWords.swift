import AuthorizationServer
import OAuth

extension AccountNotice {
    /// What the page says of it, names included. They are cleaned before they stand in a sentence.
    var sentence: String {
        switch self {
        case .sessionEnded(let client, let server):
            "The session of \(Self.name(client)) at \(Self.name(server)) was ended. What it held works no more."
        case .sessionWasOver(let client, let server):
            "The session of \(Self.name(client)) at \(Self.name(server)) was over before. Nothing was changed."
        case .sessionsEnded(0): "There was no session left to end."
        case .sessionsEnded(1): "1 session was ended. No app acts in your name any more."
        case .sessionsEnded(let count): "\(count) sessions were ended. No app acts in your name any more."
        case .jobEnded(let server):
            "The work of \(Self.name(server)) in the background was ended. From now on it may do nothing more of it."
        case .disconnected(let provider, let server, .taken):
            "Your account at \(provider) was disconnected from \(Self.name(server)), and \(provider) was told."
        case .disconnected(let provider, let server, _):
            "Your account at \(provider) was disconnected from \(Self.name(server)), and Gatehouse holds nothing of it any "
                + "more. But \(provider) did not take it back: end the access there as well."
        case .wasDisconnected(let provider, let server):
            "Your account at \(provider) was disconnected from \(Self.name(server)) before. Nothing was changed."
        case .passwordChanged(nil): "Your password was changed. Everything else goes on."
        case .passwordChanged(let count?):
            "Your password was changed. \(Self.ended(count)), and every other browser was signed out."
        case .signedOut: "You are signed out in this browser. Apps that you let in go on until their sessions end."
        case .signedOutEverywhere:
            "You are signed out in every browser. Apps that you let in go on until their sessions end."
        }
    }

    private static func ended(_ count: Int) -> String {
        switch count {
        case 0: "There was no session to end"
        case 1: "1 session was ended"
        default: "\(count) sessions were ended"
        }
    }

    private static func name(_ text: String) -> PlainText {
        let shown = PlainText(text, limit: 80)
        return shown.isEmpty ? "(no name)" : shown
    }
}

extension AccountActionError {
    /// Where nothing but the password is at fault, its own section says it.
    var sentence: PlainText? {
        switch self {
        case .stale: "Nothing was changed: you signed in anew since this page was opened. Look at it again, then press."
        case .noStep: "Nothing was changed: use one of the buttons."
        case .unknown: "Nothing was changed: what you wanted to end is over, or it is not yours."
        case .password: nil
        }
    }

    var passwordSentence: PlainText? {
        guard case .password(let fault) = self else { return nil }
        return switch fault {
        case .wrong: "The current password is not right. Nothing was changed."
        case .differs: "The new password was not typed the same twice. Nothing was changed."
        case .tooShort:
            PlainText("The new password needs at least \(PasswordRule.shortest) characters. Nothing was changed.")
        case .unusable: "The new password is too long or holds control characters. Nothing was changed."
        case .same: "The new password is the one that you have. Nothing was changed."
        case .wait(let seconds):
            PlainText("Nothing was changed. Please wait \(WaitingTime.words(seconds)) and try again.")
        case .meanwhile: "Your password was changed from elsewhere at this moment. Look whether it was you."
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
        case .cancelled: "No longer asked"
        case .expired: "Too late"
        case .failed: "Did not work"
        case .pending, .opened: "Open"
        }
    }
}
