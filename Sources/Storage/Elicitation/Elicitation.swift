package import JOSE
package import OAuth

/// What one MCP server asks one person to do on a page of Gatehouse, and what came of it.
package struct Elicitation: Hashable, Sendable {
    /// Seconds after its completion in which the MCP server may collect the result.
    package static let collectable: Int64 = 900
    /// How many of one person's may be open at one MCP server.
    package static let mostOpen = 5
    /// How many one MCP server may ask one person within an hour without an answer: each leaves records that stay.
    package static let mostAnHour = 60

    /// The handle for the MCP server.
    package let id: ElicitationID
    /// The name in the URL that the person opens.
    package let pageID: ElicitationPageID
    package let resourceID: ResourceID
    package let userID: UserID
    /// The person, as the MCP server's tokens name them.
    package let subject: Subject
    package let clientID: ClientID
    package let sessionID: SessionID
    /// The sentence above the request, as the MCP server wrote it.
    package let message: String
    package let kind: ElicitationKind
    /// What is asked, as it was written.
    fileprivate let askText: String
    /// Names what is asked.
    package let digest: Digest
    package let idempotencyKey: String?
    /// Where it stands in the row; `status(at:)` tells what that means now.
    package let status: ElicitationStatus
    /// Rises with every change.
    package let version: Int64
    /// Why it was cancelled or failed.
    package let reason: String?
    /// The MCP server that reported the outcome, where Gatehouse did not see it.
    package let reportedBy: String?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    package let finishedAt: Timestamp?
    package let collectedAt: Timestamp?
    /// What the person handed over, sealed; gone once it was collected.
    package let content: [UInt8]?
    /// When the person who finished it had signed in.
    package let authTime: Timestamp?
    package let ticketRedeemedAt: Timestamp?

    /// An elicitation, as it is to be stored.
    package init(
        id: ElicitationID = .random(), pageID: ElicitationPageID = .random(), resourceID: ResourceID, userID: UserID,
        subject: Subject, clientID: ClientID, sessionID: SessionID, message: String,
        ask: any ElicitationKindRequest, digest: Digest,
        idempotencyKey: String? = nil, createdAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.pageID = pageID
        self.resourceID = resourceID
        self.userID = userID
        self.subject = subject
        self.clientID = clientID
        self.sessionID = sessionID
        self.message = message
        kind = type(of: ask).kind
        askText = ask.json.text
        self.digest = digest
        self.idempotencyKey = idempotencyKey
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        status = .pending
        version = 1
        reason = nil
        reportedBy = nil
        finishedAt = nil
        collectedAt = nil
        content = nil
        authTime = nil
        ticketRedeemedAt = nil
    }

    /// What is asked; nil where the rules of today refuse what those of its day let in. Everything but showing it and
    /// handing it out goes on without.
    package var ask: (any ElicitationKindRequest)? {
        // It may be longer here than it was in the request: what was spelled with two bytes is written with six.
        let limits = JSON.Limits(bytes: .max)
        guard let json = try? JSONObject(parsing: Array(askText.utf8), limits: limits) else { return nil }
        return try? kind.read(json)
    }

    /// What is asked, if it is of this kind and can be read.
    package func ask<Ask: ElicitationKindRequest>(_: Ask.Type) -> Ask? { kind == Ask.kind ? ask as? Ask : nil }

    /// Where it stands at a moment: over as soon as its time is, whenever the row is tidied.
    package func status(at now: Timestamp) -> ElicitationStatus {
        status.isOpen && expiresAt <= now ? .expired : status
    }

    /// Whether its result can still be handed out.
    package func isCollectable(at now: Timestamp) -> Bool {
        guard status == .completed, collectedAt == nil, let finishedAt else { return false }
        return now < finishedAt + Self.collectable
    }
}

extension Elicitation {
    static let columns = """
        id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask, digest, idempotency_key,
        status, version, reason, reported_by, created_at, expires_at, finished_at, collected_at, content, auth_time,
        ticket_redeemed_at
        """

    init(_ row: StoredRow) throws {
        id = try row.id(0)
        pageID = try row.id(1)
        resourceID = try row.id(2)
        userID = try row.id(3)
        subject = try row.id(4)
        clientID = try ClientID(row.text(5))
        sessionID = try row.id(6)
        kind = try row.parsed(ElicitationKind(rawValue: row.text(7)))
        message = try row.text(8)
        askText = try row.text(9)
        digest = try row.digest(10)
        idempotencyKey = try row.textIfAny(11)
        status = try row.parsed(ElicitationStatus(rawValue: row.text(12)))
        version = try row.integer(13)
        reason = try row.textIfAny(14)
        reportedBy = try row.textIfAny(15)
        createdAt = try row.time(16)
        expiresAt = try row.time(17)
        finishedAt = try row.timeIfAny(18)
        collectedAt = try row.timeIfAny(19)
        content = try row.bytesIfAny(20)
        authTime = try row.timeIfAny(21)
        ticketRedeemedAt = try row.timeIfAny(22)
    }
}

/// What MCP servers asked people to do.
package struct Elicitations: Noun {
    let transaction: Transaction
}

extension Elicitations {
    /// Stores a new elicitation; nobody has looked at it.
    package func insert(_ elicitation: Elicitation) throws {
        try execute(
            """
            INSERT INTO elicitations (
                id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask, digest,
                idempotency_key, status, version, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'pending', 1, ?13, ?14)
            """, elicitation.id.string, elicitation.pageID.string, elicitation.resourceID.string,
            elicitation.userID.string, elicitation.subject.string, elicitation.clientID.string,
            elicitation.sessionID.string, elicitation.kind.rawValue, elicitation.message, elicitation.askText,
            elicitation.digest.stored, elicitation.idempotencyKey, elicitation.createdAt.seconds,
            elicitation.expiresAt.seconds)
    }

    /// The elicitation of this handle, whatever became of it.
    package func find(_ id: ElicitationID) throws -> Elicitation? {
        try first("SELECT \(Elicitation.columns) FROM elicitations WHERE id = ?1", id.string) { try Elicitation($0) }
    }

    /// The elicitation whose page this is, whatever became of it.
    package func find(page: ElicitationPageID) throws -> Elicitation? {
        try first("SELECT \(Elicitation.columns) FROM elicitations WHERE page_id = ?1", page.string) {
            try Elicitation($0)
        }
    }

    /// The open or completed one that an MCP server made under this key of its own, for this person and client.
    package func find(
        key: String, resource: ResourceID, user: UserID, client: ClientID
    ) throws -> Elicitation? {
        try first(
            """
            SELECT \(Elicitation.columns) FROM elicitations
            WHERE resource_id = ?1 AND user_id = ?2 AND client_id = ?3 AND idempotency_key = ?4
                AND status IN ('pending', 'opened', 'completed')
            """, resource.string, user.string, client.string, key
        ) { try Elicitation($0) }
    }

    /// The one of this session that asks the very same and is still of use: open, or completed and not collected.
    package func find(
        digest: Digest, session: SessionID, resource: ResourceID, now: Timestamp
    ) throws -> Elicitation? {
        try first(
            """
            SELECT \(Elicitation.columns) FROM elicitations
            WHERE session_id = ?1 AND digest = ?2 AND resource_id = ?3 AND collected_at IS NULL
                AND ((status IN ('pending', 'opened') AND expires_at > ?4)
                    OR (status = 'completed' AND finished_at > ?5))
            ORDER BY status = 'completed', created_at DESC, id LIMIT 1
            """, session.string, digest.stored, resource.string, now.seconds, (now - Elicitation.collectable).seconds
        ) { try Elicitation($0) }
    }

    /// How many of a person's are open at an MCP server.
    package func open(user: UserID, resource: ResourceID, now: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM elicitations
            WHERE user_id = ?1 AND resource_id = ?2 AND status IN ('pending', 'opened') AND expires_at > ?3
            """, user.string, resource.string, now.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// How many an MCP server has asked a person since a moment without an answer; what a person answers bounds itself.
    package func count(askedOf user: UserID, by resource: ResourceID, since: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM elicitations
            WHERE user_id = ?1 AND resource_id = ?2 AND created_at > ?3 AND status NOT IN ('completed', 'declined')
            """, user.string, resource.string, since.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// What is open for a person; what ends first comes first. One that cannot be read is passed over, here and among what
    /// is past: it must not keep a person from the page that ends things.
    package func open(of user: UserID, now: Timestamp, limit: Int) throws -> [Elicitation] {
        try all(Self.openOfUser, user.string, now.seconds, limit) { try? Elicitation($0) }.compactMap { $0 }
    }

    static let openOfUser = """
        SELECT \(Elicitation.columns) FROM elicitations
        WHERE user_id = ?1 AND status IN ('pending', 'opened') AND expires_at > ?2 ORDER BY expires_at, id LIMIT ?3
        """

    /// What a person was asked and what is over, the newest first; those behind `earlier`, if it is named.
    package func past(
        of user: UserID, after earlier: Elicitation? = nil, now: Timestamp, limit: Int
    ) throws -> [Elicitation] {
        try all(
            Self.pastOfUser, user.string, earlier?.createdAt.seconds ?? .max, earlier?.id.string ?? "", now.seconds,
            limit
        ) { try? Elicitation($0) }.compactMap { $0 }
    }

    static let pastOfUser = """
        SELECT \(Elicitation.columns) FROM elicitations
        WHERE user_id = ?1 AND (created_at, id) < (?2, ?3)
            AND NOT (status IN ('pending', 'opened') AND expires_at > ?4)
        ORDER BY created_at DESC, id DESC LIMIT ?5
        """

    /// The elicitation that waits for this ticket to come back to its MCP server.
    package func find(ticket digest: Digest, resource: ResourceID) throws -> Elicitation? {
        try first(
            "SELECT \(Elicitation.columns) FROM elicitations WHERE ticket_digest = ?1 AND resource_id = ?2",
            digest.stored, resource.string
        ) { try Elicitation($0) }
    }
}
