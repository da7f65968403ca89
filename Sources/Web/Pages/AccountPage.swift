/// The page of one's own account: what may act in a person's name, and how to end it.
///
/// Names of clients and what MCP servers ask are strangers' text; each stands as a quotation or under the name of who said it.
package struct AccountPage: Page {
    package static let template = "account"
    package static let hasForm = true

    package let account: PlainText
    package let token: PlainText
    /// What was done just now.
    package let notice: PlainText?
    /// Why a step was not taken; nil where the password's own section says it.
    package let problem: PlainText?
    /// Why the password was not changed.
    package let passwordProblem: PlainText?
    /// The sign-in is recent enough for every step.
    package let isFresh: Bool
    package let questions: [Question]
    package let hasQuestions: Bool
    package let sessions: [SessionRow]
    package let hasSessions: Bool
    package let sessionPages: Pager
    package let jobs: [JobRow]
    package let hasJobs: Bool
    package let hasMoreJobs: Bool
    package let connections: [ConnectionRow]
    package let hasConnections: Bool
    package let answers: [Answer]
    package let hasAnswers: Bool
    package let answerPages: Pager

    package init(
        account: String, token: String, notice: String? = nil, problem: PlainText? = nil,
        passwordProblem: PlainText? = nil, isFresh: Bool, questions: [Question], sessions: [SessionRow],
        sessionPages: Pager, jobs: [JobRow], hasMoreJobs: Bool, connections: [ConnectionRow], answers: [Answer],
        answerPages: Pager
    ) {
        self.account = PlainText(account, limit: 80)
        self.token = PlainText(verbatim: token)
        self.notice = notice.map { PlainText($0, limit: 500) }
        self.problem = problem
        self.passwordProblem = passwordProblem
        self.isFresh = isFresh
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
        account: "ada", token: "sample", notice: "Gatehouse revoked the access of Quill Notes to Team Files.", problem: "Nothing changed.",
        passwordProblem: "The current password is incorrect.", isFresh: true, questions: [Question.sample],
        sessions: [SessionRow.sample], sessionPages: Pager(after: "sample", isFirst: false),
        jobs: [JobRow.sample], hasMoreJobs: true, connections: [ConnectionRow.sample], answers: [Answer.sample],
        answerPages: Pager(after: "sample", isFirst: false))
}

extension AccountPage {
    /// The way to the rest of a list.
    package struct Pager: Sendable {
        /// What the next piece is behind of.
        package let after: PlainText?
        /// There is something newer than what is shown.
        package let hasNewer: Bool
        package let hasPages: Bool

        package init(after: String?, isFirst: Bool) {
            self.after = after.map { PlainText(verbatim: $0) }
            hasNewer = !isFirst
            hasPages = after != nil || !isFirst
        }
    }

    /// A client, by the name that the person was shown.
    package struct App: Sendable {
        package let appName: PlainText
        /// The host of the `client_id` URL; nil for a client that an administrator registered.
        package let appHost: PlainText?
        package let isRegistered: Bool

        package init(name: String, host: String?) {
            let shown = PlainText(name, limit: 80)
            appName = shown.isEmpty ? "(no name)" : shown
            appHost = host.map { PlainText($0, limit: 255) }
            isRegistered = host == nil
        }
    }

    /// An MCP server, as its operator registered it.
    package struct Server: Sendable {
        package let serverName: PlainText
        package let serverAddress: PlainText
        package let owner: PlainText

        package init(name: String, identifier: String, owner: String) {
            serverName = PlainText(name, limit: 80)
            serverAddress = PlainText(identifier, limit: 500)
            self.owner = PlainText(owner, limit: 80)
        }
    }

    /// One session that can be ended.
    package struct SessionRow: Sendable {
        package let session: PlainText
        package let app: App
        package let server: Server
        package let scopes: [PlainText]
        package let hasScopes: Bool
        package let since: PlainText
        /// When it was last used, in words.
        package let lastUsed: PlainText
        package let ends: PlainText
        /// When it ends if nobody uses it, where that comes first.
        package let endsUnused: PlainText?

        package init(
            id: String, app: App, server: Server, scopes: [String], since: String, lastUsed: String, ends: String,
            endsUnused: String?
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
        }
    }

    /// Work of an MCP server that can be ended.
    package struct JobRow: Sendable {
        package let job: PlainText
        package let server: Server
        package let app: App
        /// What it is for, as the MCP server says.
        package let purpose: PlainText
        /// The names of what it may start.
        package let actions: [PlainText]
        package let since: PlainText
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

    /// One account at a provider that can be disconnected.
    package struct ConnectionRow: Sendable {
        package let connection: PlainText
        package let provider: PlainText
        package let server: Server
        package let rights: [PlainText]
        package let hasRights: Bool
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

    /// What waits for an answer.
    package struct Question: Sendable {
        /// The public id, which is the end of the page's address.
        package let page: PlainText
        package let server: Server
        package let through: PlainText
        package let words: PlainText
        package let until: PlainText

        package init(page: String, server: Server, through: String, words: String, until: String) {
            self.page = PlainText(verbatim: page)
            self.server = server
            self.through = PlainText(through, limit: 80)
            self.words = PlainText(words)
            self.until = PlainText(until)
        }
    }

    /// What was asked and is over.
    package struct Answer: Sendable {
        package let server: Server
        package let words: PlainText
        package let asked: PlainText
        package let outcome: PlainText
        /// The person did what was asked.
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
        id: "sample", app: .init(name: "Quill Notes", host: "quill.example.com"), server: .sample,
        scopes: ["Read the files that you can read"], since: "2026-11-21 08:15 UTC", lastUsed: "2026-11-21 09:02 UTC",
        ends: "2026-12-21 08:15 UTC", endsUnused: "2026-12-05 09:02 UTC")
}

extension AccountPage.JobRow {
    static let sample = Self(
        id: "sample", server: .sample, app: .init(name: "Quill Notes", host: "quill.example.com"),
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
