import AuthorizationServer
import OAuth

/// The account page: the user's sessions, jobs, connections and requests, and the actions that end them.
///
/// Names of clients and requests of MCP servers are untrusted text. The page shows each as a quotation or below the name of its
/// author.
package struct AccountPage: Page {
    package static let template = "account"
    package static let hasForm = true

    /// The username.
    package let account: PlainText
    /// The token that each form must return, which prevents cross-site request forgery.
    package let token: PlainText
    /// The result of the last action.
    package let notice: PlainText?
    /// The reason for which an action was refused; nil if the password form shows it.
    package let problem: PlainText?
    /// The reason for which the password was not changed.
    package let passwordProblem: PlainText?
    /// Whether the sign-in is recent enough for all actions.
    package let isFresh: Bool
    /// Whether the user has a password that signs in here.
    package let hasPassword: Bool
    /// The pending requests, of which those that expire first come first.
    package let questions: [Question]
    package let hasQuestions: Bool
    /// One part of the live sessions, newest first.
    package let sessions: [SessionRow]
    package let hasSessions: Bool
    /// The links to the other parts of the list of sessions.
    package let sessionPages: Pager
    /// The open background jobs.
    package let jobs: [JobRow]
    package let hasJobs: Bool
    /// Whether the user has more open jobs than the page lists.
    package let hasMoreJobs: Bool
    /// The connected accounts.
    package let connections: [ConnectionRow]
    package let hasConnections: Bool
    /// One part of the ended requests of the last 30 days, newest first.
    package let answers: [Answer]
    package let hasAnswers: Bool
    /// The links to the other parts of the list of ended requests.
    package let answerPages: Pager

    package init(
        account: String, token: String, notice: String? = nil, problem: PlainText? = nil,
        passwordProblem: PlainText? = nil, isFresh: Bool, hasPassword: Bool, questions: [Question],
        sessions: [SessionRow],
        sessionPages: Pager, jobs: [JobRow], hasMoreJobs: Bool, connections: [ConnectionRow], answers: [Answer],
        answerPages: Pager
    ) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
        self.notice = notice.map { PlainText($0, limit: 500) }
        self.problem = problem
        self.passwordProblem = passwordProblem
        self.isFresh = isFresh
        self.hasPassword = hasPassword
        self.questions = questions
        hasQuestions = !questions.isEmpty
        self.sessions = sessions
        hasSessions = !sessions.isEmpty
        self.sessionPages = sessionPages
        self.jobs = jobs
        hasJobs = !jobs.isEmpty
        self.hasMoreJobs = hasMoreJobs
        self.connections = connections
        hasConnections = !connections.isEmpty
        self.answers = answers
        hasAnswers = !answers.isEmpty
        self.answerPages = answerPages
    }

    package static let sample = AccountPage(
        account: "ada", token: "sample", notice: "Gatehouse revoked the access of Quill Notes to Team Files.",
        problem: "Nothing changed.",
        passwordProblem: "The current password is incorrect.", isFresh: true, hasPassword: true,
        questions: [Question.sample],
        sessions: [SessionRow.sample], sessionPages: Pager(after: "sample", isFirst: false),
        jobs: [JobRow.sample], hasMoreJobs: true, connections: [ConnectionRow.sample], answers: [Answer.sample],
        answerPages: Pager(after: "sample", isFirst: false))
}

extension AccountPage {
    /// The links to the other parts of a list.
    package struct Pager: Sendable {
        /// The cursor of the next part; nil at the end of the list.
        package let after: PlainText?
        /// Whether newer entries exist than the page shows.
        package let hasNewer: Bool
        /// Whether the list has other parts at all.
        package let hasPages: Bool

        package init(after: String?, isFirst: Bool) {
            self.after = after.map { PlainText(verbatim: $0) }
            hasNewer = !isFirst
            hasPages = after != nil || !isFirst
        }
    }

    /// A client, by the name that the consent page showed.
    package struct App: Sendable {
        /// The name that the client chose for itself, unless an administrator registered it.
        package let appName: PlainText
        /// The host of the `client_id` URL; nil for a client without a metadata document.
        package let appHost: PlainText?
        /// Whether an administrator registered the client. Only then is its name trustworthy.
        package let isRegistered: Bool
        /// Whether the client registered itself.
        package let isSelfRegistered: Bool

        package init(_ client: PageClient) {
            appName = client.name
            appHost = client.host
            isRegistered = client.isRegistered
            isSelfRegistered = client.isSelfRegistered
        }
    }

    /// An MCP server, as its operator registered it.
    package struct Server: Sendable {
        package let serverName: PlainText
        /// The resource identifier.
        package let serverAddress: PlainText
        /// The name of its operator.
        package let owner: PlainText

        package init(name: String, identifier: String, owner: String) {
            serverName = PlainText(name, limit: 80)
            serverAddress = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// A session that the user can revoke.
    package struct SessionRow: Sendable {
        /// The id of the session, which the form returns.
        package let session: PlainText
        package let app: App
        package let server: Server
        /// The descriptions of the granted scopes.
        package let scopes: [PlainText]
        package let hasScopes: Bool
        /// The time of the approval.
        package let since: PlainText
        /// The time of the last use.
        package let lastUsed: PlainText
        /// The time at which the session expires.
        package let ends: PlainText
        /// The time at which the session expires if it stays idle; nil if it expires earlier anyway.
        package let endsUnused: PlainText?
        /// The addresses of the device and of the approving browser, for a session that began on a device.
        package let device: DeviceAddresses?

        package init(
            id: String, app: App, server: Server, scopes: [String], since: String, lastUsed: String, ends: String,
            endsUnused: String?, device: DeviceAddresses? = nil
        ) {
            session = PlainText(verbatim: id)
            self.app = app
            self.server = server
            self.scopes = scopes.map { PlainText($0) }
            hasScopes = !scopes.isEmpty
            self.since = PlainText(since)
            self.lastUsed = PlainText(lastUsed)
            self.ends = PlainText(ends)
            self.endsUnused = endsUnused.map { PlainText($0) }
            self.device = device
        }
    }

    /// A background job that the user can cancel.
    package struct JobRow: Sendable {
        /// The id of the job, which the form returns.
        package let job: PlainText
        package let server: Server
        package let app: App
        /// The purpose, as the MCP server describes it.
        package let purpose: PlainText
        /// The names of the actions that the job may start.
        package let actions: [PlainText]
        /// The time at which the MCP server opened the job.
        package let since: PlainText
        /// The time at which the job expires.
        package let ends: PlainText

        package init(
            id: String, server: Server, app: App, purpose: String, actions: [String], since: String, ends: String
        ) {
            job = PlainText(verbatim: id)
            self.server = server
            self.app = app
            let shown = PlainText(purpose, limit: 200)
            self.purpose = shown.isEmpty ? "(no description)" : shown
            self.actions = actions.map { PlainText($0, limit: 64) }
            self.since = PlainText(since)
            self.ends = PlainText(ends)
        }
    }

    /// An account at a provider that the user can disconnect.
    package struct ConnectionRow: Sendable {
        /// The id of the connection, which the form returns.
        package let connection: PlainText
        package let provider: PlainText
        package let server: Server
        /// The scopes at the provider.
        package let rights: [PlainText]
        package let hasRights: Bool
        /// The time at which the user connected the account.
        package let since: PlainText

        package init(id: String, provider: String, server: Server, rights: [String], since: String) {
            connection = PlainText(verbatim: id)
            self.provider = PlainText(provider, limit: 40)
            self.server = server
            self.rights = rights.map { PlainText($0, limit: 200) }
            hasRights = !rights.isEmpty
            self.since = PlainText(since)
        }
    }

    /// A pending request of an MCP server.
    package struct Question: Sendable {
        /// The public id, which is the last segment of the page's URL.
        package let page: PlainText
        package let server: Server
        /// The name of the client in whose session the MCP server asks.
        package let through: PlainText
        /// The subject, as the MCP server describes it.
        package let words: PlainText
        /// The time at which the request expires.
        package let until: PlainText

        package init(page: String, server: Server, through: String, words: String, until: String) {
            self.page = PlainText(verbatim: page)
            self.server = server
            self.through = PlainText(through, limit: 80)
            self.words = PlainText(words)
            self.until = PlainText(until)
        }
    }

    /// A request of an MCP server that has ended.
    package struct Answer: Sendable {
        package let server: Server
        /// The subject, as the MCP server describes it.
        package let words: PlainText
        /// The time of the request.
        package let asked: PlainText
        /// The outcome in one word.
        package let outcome: PlainText
        /// Whether the user completed the request.
        package let isYes: Bool

        package init(server: Server, words: String, asked: String, outcome: PlainText, isYes: Bool) {
            self.server = server
            self.words = PlainText(words)
            self.asked = PlainText(asked)
            self.outcome = outcome
            self.isYes = isYes
        }
    }
}

extension AccountPage.Server {
    static let sample = Self(
        name: "Team Files", identifier: "https://files.example.org/mcp", owner: "Platform team, Example Org")
}

extension AccountPage.SessionRow {
    static let sample = Self(
        id: "sample", app: .init(PageClient(name: "Quill Notes", .document(host: "quill.example.com"))),
        server: .sample,
        scopes: ["Read the files that you can read"], since: "2026-11-21 08:15 UTC", lastUsed: "2026-11-21 09:02 UTC",
        ends: "2026-12-21 08:15 UTC", endsUnused: "2026-12-05 09:02 UTC",
        device: DeviceAddresses(requestedFrom: "192.0.2.7", approvedFrom: "198.51.100.4"))
}

extension AccountPage.JobRow {
    static let sample = Self(
        id: "sample", server: .sample,
        app: .init(PageClient(name: "Quill Notes", .document(host: "quill.example.com"))),
        purpose: "Submit 12 expenses", actions: ["expenses.submit"], since: "2026-11-21 08:20 UTC",
        ends: "2026-11-21 09:20 UTC")
}

extension AccountPage.ConnectionRow {
    static let sample = Self(
        id: "sample", provider: "hub", server: .sample, rights: ["repo"], since: "2026-11-20 17:40 UTC")
}

extension AccountPage.Question {
    static let sample = Self(
        page: "sample", server: .sample, through: "Quill Notes", words: "Delete the folder Drafts with 12 files",
        until: "2026-11-21 09:15 UTC")
}

extension AccountPage.Answer {
    static let sample = Self(
        server: .sample, words: "Delete the folder Drafts with 12 files", asked: "2026-11-21 08:20 UTC",
        outcome: "Approved", isYes: true)
}

extension AccountPage {
    /// The page for what `overview` says.
    init(_ overview: AccountOverview, notice: String? = nil, problem: AccountActionError? = nil) {
        self.init(
            account: overview.username, token: overview.token, notice: notice, problem: problem?.sentence,
            passwordProblem: problem?.passwordSentence, isFresh: overview.isFresh, hasPassword: overview.hasPassword,
            questions: overview.pending.map { Question($0) }, sessions: overview.sessions.items.map { SessionRow($0) },
            sessionPages: Pager(after: overview.sessions.more?.string, isFirst: overview.sessions.isFirst),
            jobs: overview.jobs.map { JobRow($0) }, hasMoreJobs: overview.hasMoreJobs,
            connections: overview.connections.map { ConnectionRow($0) },
            answers: overview.recent.items.map { Answer($0) },
            answerPages: Pager(after: overview.recent.more?.string, isFirst: overview.recent.isFirst))
    }
}

extension AccountPage.Server {
    fileprivate init(_ server: AccountOverview.Server) {
        self.init(name: server.name, identifier: server.identifier.string, owner: server.owner)
    }
}

extension AccountPage.App {
    fileprivate init(_ app: ShownClient) {
        self.init(PageClient(app))
    }
}

extension AccountPage.SessionRow {
    fileprivate init(_ session: AccountOverview.LiveSession) {
        self.init(
            id: session.id.string, app: .init(session.app),
            server: .init(session.server), scopes: session.scopes, since: session.since.shown,
            lastUsed: session.lastUsedAt?.shown ?? "not yet", ends: session.endsAt.shown,
            endsUnused: session.endsUnusedAt?.shown, device: session.device.map { DeviceAddresses($0) })
    }
}

extension AccountPage.JobRow {
    fileprivate init(_ job: AccountOverview.OpenJob) {
        self.init(
            id: job.id.string, server: .init(job.server), app: .init(job.app),
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
    fileprivate init(_ asked: AccountOverview.ElicitationSummary) {
        self.init(
            page: asked.page.string, server: .init(asked.server), through: asked.app?.name ?? "", words: asked.text,
            until: asked.until.shown)
    }
}

extension AccountPage.Answer {
    fileprivate init(_ asked: AccountOverview.ElicitationSummary) {
        self.init(
            server: .init(asked.server), words: asked.text, asked: asked.at.shown, outcome: asked.outcome,
            isYes: asked.status == .completed)
    }
}
