import OAuth
import Storage

extension AccountEndpoint {
    func endSession(_ id: SessionID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let deed = try await store.write { transaction -> AccountNotice? in
            guard let id, let session = try transaction.sessions.find(id), session.userID == user else { return nil }
            let server = try transaction.resources.find(id: session.resourceID)?.name ?? ""
            return try transaction.sessions.end(id, SessionEnding(by: user, at: now))
                ? .sessionEnded(client: session.clientName, server: server)
                : .sessionWasOver(client: session.clientName, server: server)
        }
        guard let deed else { return try await again(.unknown, person, now) }
        return .done(deed, for: user, cookie: .none)
    }

    func endSessions(of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let ended = try await store.endSessions(SessionFilter(user: user), SessionEnding(by: user, at: now))
        return .done(.sessionsEnded(ended.count), for: user, cookie: .none)
    }

    /// One that is over is answered like one that nobody has: it shows nothing, so nobody misses it.
    func endJob(_ id: JobID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        let server = try await store.write { transaction -> String? in
            guard let id, let job = try transaction.jobs.find(id), job.userID == user,
                try transaction.jobs.end(id, .byPerson(user), now: now)?.endReason == .person
            else { return nil }
            return try transaction.resources.find(id: job.resourceID)?.name ?? ""
        }
        guard let server else { return try await again(.unknown, person, now) }
        return .done(.jobEnded(server: server), for: user, cookie: .none)
    }

    func disconnect(_ id: ConnectionID?, of person: SignedIn, now: Timestamp) async throws -> Outcome {
        let user = person.user.id
        guard let id else { return try await again(.unknown, person, now) }
        let verdict = try await revocation.end(
            id, of: user, reason: .revokedByPerson, actor: .person(user), now: now)
        switch verdict {
        case .unknown: return try await again(.unknown, person, now)
        case .over(let connection):
            return .done(
                .wasDisconnected(provider: connection.provider.string, server: try await server(connection)),
                for: user, cookie: .none)
        case .ended(let connection, let reply):
            return .done(
                .disconnected(provider: connection.provider.string, server: try await server(connection), reply),
                for: user, cookie: .none)
        }
    }

    func signOut(_ person: SignedIn, browser: Browser, now: Timestamp) async throws -> Outcome {
        try await store.write { transaction in
            guard try transaction.logins.end(person.login.id) else { return }
            try transaction.audit.append(AuditEntry(signOutOf: person, from: browser, at: now))
        }
        return .done(.signedOut, for: nil, cookie: .cleared)
    }

    func signOutEverywhere(_ person: SignedIn, browser: Browser, now: Timestamp) async throws -> Outcome {
        try await store.write { transaction in
            guard try transaction.logins.endAll(of: person.user.id) > 0 else { return }
            try transaction.audit.append(AuditEntry(signOutOf: person, from: browser, at: now, reason: "every browser"))
        }
        return .done(.signedOutEverywhere, for: nil, cookie: .cleared)
    }

    private func server(_ connection: Connection) async throws -> String {
        try await store.read { try $0.resources.find(id: connection.resourceID)?.name } ?? ""
    }
}

extension SessionEnding {
    /// The end of a session by its person's own decision.
    init(by user: UserID, at now: Timestamp) {
        self.init(reason: .revokedByPerson, initiator: .user, actor: .person(user), at: now)
    }
}

extension AuditEntry {
    /// The record of somebody who signed out.
    fileprivate init(signOutOf person: SignedIn, from browser: Browser, at now: Timestamp, reason: String? = nil) {
        self.init(
            .personSignedOut, at: now, actor: .person(person.user.id), user: person.user.id, reason: reason,
            initiator: .human, address: browser.address)
    }
}
