import AuthorizationServer
package import HTTPTypes
package import HummingbirdTesting
import JOSE
import OAuth
package import Storage

extension Harness {
    /// Opens the page of one's account, signing in where that is asked.
    package func account(
        _ browser: TestBrowser, as name: String = "ada", password: String = Harness.password
    ) async throws -> TestResponse {
        let page = try await browser.get("/account")
        guard page.input("interaction") != nil else { return page }
        return try await follow(browser, signIn(browser, at: page, as: name, password: password))
    }

    /// Presses a button of that page.
    package func step(
        _ browser: TestBrowser, at page: TestResponse, _ step: String, _ fields: [(String, String)] = [],
        headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        try await browser.post(
            "/account", [("token", page.input("token") ?? ""), ("step", step)] + fields, headers: headers)
    }

    /// Goes where a redirect leads.
    package func follow(_ browser: TestBrowser, _ answer: TestResponse) async throws -> TestResponse {
        guard answer.status == .seeOther, let location = answer.headers[.location] else { return answer }
        let path = location.dropFirst(gatehouse.settings.issuer.origin.count)
        return try await browser.get(String(path.prefix { $0 != "#" }))
    }

    /// A session of a person's, written as its approval and its first token would have left it.
    package func plant(
        _ user: User, client: String = "quill", name: String = "Quill Notes", host: String? = nil,
        scope: String = "files:read", after: Int64 = 0, lasting: Int64 = 43_200, usedAfter: Int64 = 0
    ) async throws -> Session {
        let start = clock.now + after
        let session = try Session(
            userID: user.id, clientID: ClientID(client), clientName: name, clientHost: host, resourceID: resource.id,
            scope: ScopeSet(parsing: scope), redirectURI: Self.redirect, binding: .sha256("elsewhere"),
            createdAt: start, expiresAt: start + lasting, idleSeconds: 1_209_600, authTime: start,
            refreshKeyID: gatehouse.keys.secret(.refresh).id)
        let code = AuthorizationCodeRecord(
            digest: .sha256("code of \(session.id)"), sessionID: session.id, interactionID: .random(),
            clientID: session.clientID, redirectURI: session.redirectURI ?? "",
            challenge: CodeChallenge(for: .random()), expiresAt: start + 60)
        try await gatehouse.store.write { transaction in
            try transaction.sessions.approve(session, code: code)
            _ = try transaction.sessions.activate(session.id, now: start + usedAfter)
        }
        return session
    }

    /// A job in a session, written as its opening would have left it.
    package func plantJob(
        in session: Session, purpose: String = "File the expenses of November", lasting: Int64 = 3_600
    ) async throws -> Job {
        try await gatehouse.store.write { transaction in
            guard let grant = try transaction.sessions.grant(session.id) else {
                throw StageFailure("there is no such session")
            }
            let job = try Job(
                of: grant, actions: [ActionName("expenses.submit")], scope: grant.scope, purpose: purpose,
                createdAt: session.createdAt, expiresAt: session.createdAt + lasting)
            try transaction.jobs.open(job)
            return job
        }
    }

    /// Gives the first person something of everything that the page of an account shows.
    package func furnish() async throws {
        let now = clock.now
        let quill = try await plant(
            user, client: "https://quill.example.com/client.json", name: "Quill Notes", host: "quill.example.com",
            after: -183_000, lasting: 2_592_000, usedAfter: 181_000)
        _ = try await plant(user, name: "Desk Helper", scope: "files:read files:list", after: -20_000, usedAfter: 900)
        _ = try await plant(
            user, client: "https://sketch.example.net/c.json", name: "Tablet Sketches", host: "sketch.example.net",
            scope: "files:read files:list files:write", after: -4_000, usedAfter: 3_700)
        let connection = try Connection(
            id: .random(), userID: user.id, resourceID: resource.id, provider: ProviderName("hub"),
            asked: ScopeSet(parsing: "repo user"), scope: ScopeSet(parsing: "repo user"), tokens: [0],
            createdAt: now - 90_000)
        let ends: [(String, Int64, ElicitationOutcome?)] = [
            ("Delete the folder Drafts", -120, nil),
            ("Share the folder Minutes with four people", -9_000, .completed(by: user.id, authTime: now - 9_000)),
            ("Empty the bin for good", -80_000, .declined(by: user.id)),
            ("Move 1,240 files to the archive", -150_000, .cancelled(by: resource.id)),
        ]
        let asked = try ends.map { (try elicitation($0.0, in: quill, at: now + $0.1), $0.2) }
        _ = try await plantJob(
            in: quill, purpose: "Submit the expenses of the trip to Geneva, one by one", lasting: 200_000)
        try await gatehouse.store.write { transaction in
            try transaction.connections.connect(connection)
            for (elicitation, outcome) in asked {
                try transaction.elicitations.insert(elicitation)
                guard let outcome else { continue }
                _ = try transaction.elicitations.finish(elicitation.id, as: outcome, now: elicitation.createdAt + 30)
            }
        }
    }

    private func elicitation(_ summary: String, in session: Session, at start: Timestamp) throws -> Elicitation {
        let action = try ElicitationAction(json: ["name": "file_work", "summary": .string(summary)])
        return Elicitation(
            resourceID: resource.id, userID: user.id, subject: user.subject, clientID: session.clientID,
            sessionID: session.id, message: "Approve this to go on.", ask: ConfirmRequest(action),
            digest: action.digest,
            createdAt: start, expiresAt: start + 900)
    }

    /// Where a session stands in the database.
    package func stored(_ session: Session) async throws -> Session? {
        try await gatehouse.store.read { try $0.sessions.find(session.id) }
    }
}
