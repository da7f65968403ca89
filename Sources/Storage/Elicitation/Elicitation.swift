package import JOSE
package import OAuth

/// A request of one MCP server to one user, answered on a page of Gatehouse, and its outcome.
package struct Elicitation: Hashable, Sendable {
    /// Seconds after the completion in which the MCP server can collect the result.
    package static let collectable: Int64 = 900
    /// The number of open elicitations of one user at one MCP server.
    package static let mostOpen = 5
    /// The number of unanswered elicitations of one MCP server to one user within an hour. Each leaves audit records that
    /// stay.
    package static let mostAnHour = 60

    /// The handle with which the MCP server polls.
    package let id: ElicitationID
    /// The id in the URL of the page.
    package let pageID: ElicitationPageID
    package let resourceID: ResourceID
    package let userID: UserID
    /// The user's subject in the tokens of the MCP server.
    package let subject: Subject
    package let clientID: ClientID
    package let sessionID: SessionID
    /// The sentence above the question, written by the MCP server.
    package let message: String
    package let kind: ElicitationKind
    /// The stored JSON of the question.
    fileprivate let askText: String
    /// The digest of the question.
    package let digest: Digest
    /// The key under which the MCP server finds it again; nil without one.
    package let idempotencyKey: String?
    /// The digest of the whole request; nil without a key, and in rows of versions that did not keep it.
    package let requestDigest: Digest?
    /// The status in the row; `status(at:)` takes the time into account.
    package let status: ElicitationStatus
    /// The number of changes, from 1.
    package let version: Int64
    /// Why it was cancelled or failed, as a short code.
    package let reason: String?
    /// The MCP server that reported the outcome; nil if Gatehouse witnessed it.
    package let reportedBy: String?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp
    /// When it reached its final status; nil for an open one.
    package let finishedAt: Timestamp?
    /// When the MCP server collected the result; nil before.
    package let collectedAt: Timestamp?
    /// The digest of the claim with which the MCP server collected it; nil if it named none.
    package let claimDigest: Digest?
    /// What the user entered, sealed; nil after its collection.
    package let content: [UInt8]?
    /// The `auth_time` of the user who finished it.
    package let authTime: Timestamp?
    /// When the MCP server redeemed the ticket of its page; nil before.
    package let ticketRedeemedAt: Timestamp?

    /// A new elicitation.
    package init(
        id: ElicitationID = .random(), pageID: ElicitationPageID = .random(), resourceID: ResourceID, userID: UserID,
        subject: Subject, clientID: ClientID, sessionID: SessionID, message: String,
        ask: any ElicitationKindRequest, digest: Digest,
        idempotencyKey: String? = nil, requestDigest: Digest? = nil, createdAt: Timestamp, expiresAt: Timestamp
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
        self.requestDigest = requestDigest
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        status = .pending
        version = 1
        reason = nil
        reportedBy = nil
        finishedAt = nil
        collectedAt = nil
        claimDigest = nil
        content = nil
        authTime = nil
        ticketRedeemedAt = nil
    }

    /// The question; nil if a later version of the rules refuses it. Only the page and the result need it, so the elicitation
    /// still expires, and can be listed and cancelled.
    package var ask: (any ElicitationKindRequest)? {
        // No limit on bytes: the stored form spells with six bytes what the request may spell with two.
        let limits = JSON.Limits(bytes: .max)
        guard let json = try? JSONObject(parsing: Array(askText.utf8), limits: limits) else { return nil }
        return try? kind.read(json)
    }

    /// The question, if it is readable and of this kind.
    package func ask<Ask: ElicitationKindRequest>(_: Ask.Type) -> Ask? { kind == Ask.kind ? ask as? Ask : nil }

    /// The status at `now`: expired at the end of its time, even before the housekeeper updates the row.
    package func status(at now: Timestamp) -> ElicitationStatus {
        status.isOpen && expiresAt <= now ? .expired : status
    }

    /// Whether the MCP server can collect the result.
    package func isCollectable(at now: Timestamp) -> Bool {
        guard status == .completed, collectedAt == nil, let finishedAt else { return false }
        return now < finishedAt + Self.collectable
    }
}

extension Elicitation {
    static let columns = """
        id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask, digest, idempotency_key,
        status, version, reason, reported_by, created_at, expires_at, finished_at, collected_at, content, auth_time,
        ticket_redeemed_at, request_digest, claim_digest
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
        requestDigest = try row.digestIfAny(23)
        claimDigest = try row.digestIfAny(24)
    }
}

/// Elicitations of MCP servers.
package struct Elicitations: Noun {
    let transaction: Transaction
}

extension Elicitations {
    /// Stores a new elicitation as pending.
    package func insert(_ elicitation: Elicitation) throws {
        try execute(
            """
            INSERT INTO elicitations (
                id, page_id, resource_id, user_id, subject, client_id, session_id, kind, message, ask, digest,
                idempotency_key, request_digest, status, version, created_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'pending', 1, ?14, ?15)
            """, elicitation.id.string, elicitation.pageID.string, elicitation.resourceID.string,
            elicitation.userID.string, elicitation.subject.string, elicitation.clientID.string,
            elicitation.sessionID.string, elicitation.kind.rawValue, elicitation.message, elicitation.askText,
            elicitation.digest.stored, elicitation.idempotencyKey,
            elicitation.requestDigest?.stored, elicitation.createdAt.seconds, elicitation.expiresAt.seconds)
    }

    /// The elicitation of this handle in any status.
    package func find(_ id: ElicitationID) throws -> Elicitation? {
        try first("SELECT \(Elicitation.columns) FROM elicitations WHERE id = ?1", id.string) { try Elicitation($0) }
    }

    /// The elicitation of this page in any status.
    package func find(page: ElicitationPageID) throws -> Elicitation? {
        try first("SELECT \(Elicitation.columns) FROM elicitations WHERE page_id = ?1", page.string) {
            try Elicitation($0)
        }
    }

    /// The open or completed elicitation with this idempotency key of an MCP server, for a user and a client.
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

    /// The elicitation of this session with the same question that is open, or completed and not collected.
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

    /// The number of a user's open elicitations at an MCP server.
    package func open(user: UserID, resource: ResourceID, now: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM elicitations
            WHERE user_id = ?1 AND resource_id = ?2 AND status IN ('pending', 'opened') AND expires_at > ?3
            """, user.string, resource.string, now.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// The number of an MCP server's elicitations to a user since a moment, without the answered ones, which the user bounds.
    package func count(askedOf user: UserID, by resource: ResourceID, since: Timestamp) throws -> Int {
        try first(
            """
            SELECT count(*) FROM elicitations
            WHERE user_id = ?1 AND resource_id = ?2 AND created_at > ?3 AND status NOT IN ('completed', 'declined')
            """, user.string, resource.string, since.seconds
        ) { Int(try $0.integer(0)) } ?? 0
    }

    /// The open elicitations of a user, soonest expiry first. Unreadable ones are skipped, here and in `past`: they must not keep
    /// the user from the account page.
    package func open(of user: UserID, now: Timestamp, limit: Int) throws -> [Elicitation] {
        try all(Self.openOfUser, user.string, now.seconds, limit) { try? Elicitation($0) }.compactMap { $0 }
    }

    static let openOfUser = """
        SELECT \(Elicitation.columns) FROM elicitations
        WHERE user_id = ?1 AND status IN ('pending', 'opened') AND expires_at > ?2 ORDER BY expires_at, id LIMIT ?3
        """

    /// The open elicitations of an MCP server, oldest first, behind `earlier` if it is given, and whether there are more than
    /// `limit`. Unreadable ones are skipped.
    package func open(
        by resource: ResourceID, after earlier: Elicitation? = nil, now: Timestamp, limit: Int
    ) throws -> (elicitations: [Elicitation], hasMore: Bool) {
        var place = (earlier?.createdAt.seconds ?? .min, earlier?.id.string ?? "")
        var found: [Elicitation] = []
        // The place after which a list goes on is an elicitation that was read, so unreadable rows must not make up the end of one.
        while true {
            let rows = try all(
                Self.openOfResource, resource.string, place.0, place.1, now.seconds, limit + 1
            ) { (try $0.integer(16), try $0.text(0), try? Elicitation($0)) }
            found += rows.compactMap(\.2)
            guard let last = rows.last, rows.count > limit, found.count <= limit else {
                return (Array(found.prefix(limit)), found.count > limit)
            }
            place = (last.0, last.1)
        }
    }

    static let openOfResource = """
        SELECT \(Elicitation.columns) FROM elicitations
        WHERE resource_id = ?1 AND (created_at, id) > (?2, ?3) AND status IN ('pending', 'opened') AND expires_at > ?4
        ORDER BY created_at, id LIMIT ?5
        """

    /// The finished elicitations of a user, newest first, behind `earlier` if it is given.
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

    /// The elicitation of this ticket of an MCP server.
    package func find(ticket digest: Digest, resource: ResourceID) throws -> Elicitation? {
        try first(
            "SELECT \(Elicitation.columns) FROM elicitations WHERE ticket_digest = ?1 AND resource_id = ?2",
            digest.stored, resource.string
        ) { try Elicitation($0) }
    }
}
