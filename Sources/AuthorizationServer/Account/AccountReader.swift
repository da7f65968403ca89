import OAuth
import Storage

extension AccountEndpoint {
    /// The content of the page, read in one transaction and limited to what the page shows.
    func overview(of person: SignedIn, at place: AccountCursor, now: Timestamp) async throws -> AccountOverview {
        let (token, acceptsPasswords) = (formToken(person), people.acceptsPasswords)
        return try await store.read { transaction in
            var reading = AccountReader(user: person.user.id, transaction: transaction, now: now)
            let jobs = try reading.jobs()
            return AccountOverview(
                username: person.user.name, token: token, isFresh: person.isFresh(at: now),
                hasPassword: try acceptsPasswords
                    && transaction.credentials.find(.password, of: person.user.id) != nil,
                sessions: try reading.sessions(after: place.session), jobs: jobs.shown, hasMoreJobs: jobs.hasMore,
                connections: try reading.connections(),
                pending: try reading.pending(), recent: try reading.recent(before: place.asked))
        }
    }
}

/// Reads the content of the account page of one user within one transaction.
private struct AccountReader {
    private static let sessionsOnPage = 20
    private static let recentOnPage = 10
    /// More than a user can answer: each MCP server may have five pending.
    private static let mostPending = 50
    private static let mostConnections = 100
    private static let mostJobs = 50

    let user: UserID
    let transaction: Transaction
    let now: Timestamp
    private var resources: [ResourceID: Resource] = [:]
    private var withheld: [ResourceID: ScopeSet] = [:]

    init(user: UserID, transaction: Transaction, now: Timestamp) {
        self.user = user
        self.transaction = transaction
        self.now = now
    }

    /// The sessions after `last`, or the newest ones if `last` does not exist or belongs to another user.
    mutating func sessions(
        after last: SessionID?
    ) throws -> AccountOverview.ListPage<AccountOverview.LiveSession, SessionID> {
        let last = try last.flatMap { try transaction.sessions.find($0) }.flatMap { $0.userID == user ? $0 : nil }
        let found = try transaction.sessions.live(
            of: user, after: last.map { SessionCursor(after: $0) }, limit: Self.sessionsOnPage + 1, now: now)
        let shown = found.prefix(Self.sessionsOnPage)
        return .init(
            items: try shown.map { try liveSession($0) }, more: found.count > shown.count ? shown.last?.id : nil,
            isFirst: last == nil)
    }

    /// The open jobs. A job whose session has expired is left out, even before a task has ended it.
    mutating func jobs() throws -> (shown: [AccountOverview.OpenJob], hasMore: Bool) {
        let found = try transaction.jobs.open(of: user, now: now, limit: Self.mostJobs + 1)
        let shown = try found.prefix(Self.mostJobs).compactMap { job -> AccountOverview.OpenJob? in
            guard let session = try transaction.sessions.find(job.sessionID), session.isLive(at: now) else {
                return nil
            }
            return .init(
                id: job.id, server: try server(job.resourceID),
                app: session.shownClient, purpose: job.purpose,
                actions: job.actions, since: job.createdAt, endsAt: job.expiresAt)
        }
        return (shown, found.count > Self.mostJobs)
    }

    mutating func connections() throws -> [AccountOverview.LiveConnection] {
        try transaction.connections.live(of: user, limit: Self.mostConnections).map { connection in
            .init(
                id: connection.id, provider: connection.provider, server: try server(connection.resourceID),
                scope: connection.scope, since: connection.createdAt)
        }
    }

    mutating func pending() throws -> [AccountOverview.ElicitationSummary] {
        try transaction.elicitations.open(of: user, now: now, limit: Self.mostPending).map { try summary($0) }
    }

    /// The ended elicitations before `last`, or the newest ones if `last` does not exist or belongs to another user.
    mutating func recent(
        before last: ElicitationPageID?
    ) throws -> AccountOverview.ListPage<AccountOverview.ElicitationSummary, ElicitationPageID> {
        let last = try last.flatMap { try transaction.elicitations.find(page: $0) }.flatMap {
            $0.userID == user ? $0 : nil
        }
        let found = try transaction.elicitations.past(of: user, after: last, now: now, limit: Self.recentOnPage + 1)
        let shown = found.prefix(Self.recentOnPage)
        return .init(
            items: try shown.map { try summary($0) }, more: found.count > shown.count ? shown.last?.pageID : nil,
            isFirst: last == nil)
    }

    private mutating func liveSession(_ session: Session) throws -> AccountOverview.LiveSession {
        let words = Dictionary(
            uniqueKeysWithValues: try resource(session.resourceID).scopes.map { ($0.scope, $0.description) })
        let unusedEnd = session.lastUsedAt + session.idleSeconds
        return .init(
            id: session.id, app: session.shownClient,
            server: try server(session.resourceID),
            scopes: session.scope.subtracting(try withheld(at: session.resourceID)).scopes.map {
                words[$0] ?? $0.string
            }, since: session.createdAt,
            lastUsedAt: session.state == .approved ? nil : session.lastUsedAt, endsAt: session.expiresAt,
            endsUnusedAt: unusedEnd < session.expiresAt ? unusedEnd : nil,
            device: try transaction.devices.origin(of: session.id).map {
                .init(requestedFrom: $0.requestedFrom, approvedFrom: $0.approvedFrom)
            })
    }

    /// The scopes that the user may not have any more, although sessions were approved with them.
    private mutating func withheld(at resource: ResourceID) throws -> ScopeSet {
        if let known = withheld[resource] { return known }
        let scopes = try UserAccess(of: user, at: resource, in: transaction, now: now).withheld
        withheld[resource] = scopes
        return scopes
    }

    private mutating func summary(_ elicitation: Elicitation) throws -> AccountOverview.ElicitationSummary {
        let session = try transaction.sessions.find(elicitation.sessionID)
        return .init(
            page: elicitation.pageID, status: elicitation.status(at: now),
            completedWord: elicitation.kind.strategy.completedWord,
            server: try server(elicitation.resourceID),
            app: session.map(\.shownClient),
            text: elicitation.kind.strategy.subjectMatter(of: elicitation),
            at: elicitation.createdAt, until: elicitation.expiresAt)
    }

    private mutating func server(_ id: ResourceID) throws -> AccountOverview.Server {
        let resource = try resource(id)
        return .init(name: resource.name, identifier: resource.identifier, owner: resource.owner)
    }

    private mutating func resource(_ id: ResourceID) throws -> Resource {
        if let known = resources[id] { return known }
        guard let resource = try transaction.resources.find(id: id) else {
            throw StoreError.constraint("a row of a user refers to an MCP server that does not exist")
        }
        resources[id] = resource
        return resource
    }
}
