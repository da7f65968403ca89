import AuthorizationServer
import JOSE
import OAuth
package import Storage
import TestSupport

/// Rows that tests insert without walking through the pages that would create them.
package struct AccountFixtures: Sendable {
    let harness: Harness

    /// Inserts a session as its approval and first token would have left it. Times are seconds from the clock's now.
    package func insertSession(
        _ user: User, client: String = "quill", name: String = "Quill Notes", host: String? = nil,
        scope: String = "files:read", after: Int64 = 0, lasting: Int64 = 43_200, usedAfter: Int64 = 0
    ) async throws -> Session {
        let start = harness.clock.now + after
        let session = try Session(
            userID: user.id, clientID: ClientID(client), clientName: name, clientHost: host,
            resourceID: harness.resource.id,
            scope: ScopeSet(parsing: scope), redirectURI: Harness.redirect, binding: .sha256("elsewhere"),
            createdAt: start, expiresAt: start + lasting, idleSeconds: 1_209_600, authTime: start,
            refreshKeyID: harness.gatehouse.keys.secret(.refresh).id)
        let code = AuthorizationCodeRecord(
            digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
            clientID: session.clientID, redirectURI: session.redirectURI ?? "",
            challenge: CodeChallenge(for: .random()), expiresAt: start + 60)
        try await harness.gatehouse.store.write { transaction in
            try transaction.sessions.approve(session, code: code)
            _ = try transaction.sessions.activate(session.id, now: start + usedAfter)
        }
        return session
    }

    /// Inserts an open job of a session.
    package func insertJob(
        in session: Session, purpose: String = "File the expenses of November", lasting: Int64 = 3_600
    ) async throws -> Job {
        try await harness.gatehouse.store.write { transaction in
            guard let grant = try transaction.sessions.grant(session.id), let user = grant.user else {
                throw StageFailure("session of a user not found")
            }
            let job = try Job(
                of: grant, for: user, actions: [ActionName("expenses.submit")], scope: grant.scope, purpose: purpose,
                createdAt: session.createdAt, expiresAt: session.createdAt + lasting)
            try transaction.jobs.open(job)
            return job
        }
    }

    /// Inserts one of everything that the account page shows for the first user: sessions, a connection, elicitations, a job.
    package func fillAccount() async throws {
        let now = harness.clock.now
        let quill = try await insertSession(
            harness.user, client: "https://quill.example.com/client.json", name: "Quill Notes",
            host: "quill.example.com",
            after: -183_000, lasting: 2_592_000, usedAfter: 181_000)
        _ = try await insertSession(
            harness.user, name: "Desk Helper", scope: "files:read files:list", after: -20_000, usedAfter: 900)
        _ = try await insertSession(
            harness.user, client: "https://sketch.example.net/c.json", name: "Tablet Sketches",
            host: "sketch.example.net",
            scope: "files:read files:list files:write", after: -4_000, usedAfter: 3_700)
        let connection = try Connection(
            id: .random(), userID: harness.user.id, resourceID: harness.resource.id, provider: ProviderName("hub"),
            asked: ScopeSet(parsing: "repo user"), scope: ScopeSet(parsing: "repo user"), tokens: [0],
            createdAt: now - 90_000)
        let ends: [(String, Int64, ElicitationOutcome?)] = [
            ("Delete the folder Drafts", -120, nil),
            (
                "Share the folder Minutes with four people", -9_000,
                .completed(by: harness.user.id, authTime: now - 9_000)
            ),
            ("Empty the bin for good", -80_000, .declined(by: harness.user.id)),
            ("Move 1,240 files to the archive", -150_000, .cancelled(by: harness.resource.id)),
        ]
        let asked = try ends.map { (try elicitation($0.0, in: quill, at: now + $0.1), $0.2) }
        _ = try await insertJob(
            in: quill, purpose: "Submit the expenses of the trip to Geneva, one by one", lasting: 200_000)
        try await harness.gatehouse.store.write { transaction in
            try transaction.connections.connect(connection)
            for (elicitation, outcome) in asked {
                try transaction.elicitations.insert(elicitation)
                guard let outcome else { continue }
                _ = try transaction.elicitations.finish(elicitation.id, as: outcome, now: elicitation.createdAt + 30)
            }
        }
    }

    /// Sets what the scopes of the first MCP server imply, permit and demand: scopes, tools, seconds since the sign-in.
    package func setReach(_ reach: [String: (implies: String, tools: [String], fresh: Int64?)]) async throws {
        let scopes = try harness.resource.scopes.map { scope in
            var scope = scope
            let given = reach[scope.scope.string]
            scope.implies = try given.map { try ScopeSet(parsing: $0.implies) } ?? []
            scope.tools = try given?.tools.map { try ToolName($0) } ?? []
            scope.freshSeconds = given?.fresh
            return scope
        }
        try await harness.gatehouse.store.write { [id = harness.resource.id] in
            try $0.resources.setReach(scopes, of: id)
        }
    }

    private func elicitation(_ summary: String, in session: Session, at start: Timestamp) throws -> Elicitation {
        let action = try ElicitationAction(json: ["name": "file_work", "summary": .string(summary)])
        return Elicitation(
            resourceID: harness.resource.id, userID: harness.user.id, subject: harness.user.subject,
            clientID: session.clientID,
            sessionID: session.id, message: "Approve this to go on.", ask: ConfirmRequest(action),
            digest: action.digest,
            createdAt: start, expiresAt: start + 900)
    }
}

extension Harness {
    /// Rows that tests insert without walking through the pages that would create them.
    package var fixtures: AccountFixtures { AccountFixtures(harness: self) }
}
